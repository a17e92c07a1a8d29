{#-
  A numeric feature as it enters a distance: impute, clip, transform, center, scale, in this order, by the stored
  parameters of the model. `p` names the relation that holds them as columns, `i` their position.
  The Python counterpart is segmentation.scaling; a test holds the two together.
-#}
{% macro scaled(feature, p, i) -%}
    {%- set imputed = "coalesce(cast({} as double), {}.impute_{})".format(feature, p, i) -%}
    {%- set clipped = "least(greatest({0}, coalesce({1}.clip_low_{2}, {0})), coalesce({1}.clip_high_{2}, {0}))".format(
        imputed, p, i
    ) if feature_setting(feature, "clip") else imputed -%}
    ({{ transformed(clipped, feature_setting(feature, "transform"), "{}.lambda_{}".format(p, i)) }} - {{ p }}.center_{{ i }}) / {{ p }}.scale_{{ i }}
{%- endmacro %}


{% macro transformed(x, transform, lambda) -%}
    {%- if transform == "log" -%}
        sign({{ x }}) * ln(1 + abs({{ x }}))
    {%- elif transform == "yeo_johnson" -%}
        {#- Yeo and Johnson (2000), A new family of power transformations, equation 2.1. -#}
        case
            when {{ x }} >= 0 and {{ lambda }} <> 0 then (pow({{ x }} + 1, {{ lambda }}) - 1) / {{ lambda }}
            when {{ x }} >= 0 then ln({{ x }} + 1)
            when {{ lambda }} <> 2 then (1 - pow(1 - {{ x }}, 2 - {{ lambda }})) / (2 - {{ lambda }})
            else -ln(1 - {{ x }})
        end
    {%- else -%}
        {{ x }}
    {%- endif -%}
{%- endmacro %}
