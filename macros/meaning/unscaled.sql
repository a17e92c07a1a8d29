{#- A scaled value back in the feature's own unit: the inverse of `scaled`, but for clipping, which has none. -#}
{% macro unscaled(feature, x, p, i) -%}
    {%- set y = "({} * {}.scale_{} + {}.center_{})".format(x, p, i, p, i) -%}
    {%- set lambda = "{}.lambda_{}".format(p, i) -%}
    {%- set transform = feature_setting(feature, "transform") -%}
    {%- if transform == "log" -%}
        sign({{ y }}) * (exp(abs({{ y }})) - 1)
    {%- elif transform == "yeo_johnson" -%}
        case
            when {{ y }} >= 0 and {{ lambda }} <> 0 then pow({{ y }} * {{ lambda }} + 1, 1 / {{ lambda }}) - 1
            when {{ y }} >= 0 then exp({{ y }}) - 1
            when {{ lambda }} <> 2 then 1 - pow(1 - (2 - {{ lambda }}) * {{ y }}, 1 / (2 - {{ lambda }}))
            else 1 - exp(-{{ y }})
        end
    {%- else -%}
        {{ y }}
    {%- endif -%}
{%- endmacro %}
