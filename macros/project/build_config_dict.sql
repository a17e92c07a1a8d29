{#- dbt's own macro, which writes the settings of a Python model into its code. A model that asks for the setting `variables`
    is given all variables of the project, as they hold in this run: dbt compiles Python models anew in every run, whether
    it has parsed the project or read it from the file of an earlier run. -#}
{% macro build_config_dict(model) -%}
{{ dbt.build_config_dict(model) }}
{%- if "variables" in (model.config.meta_keys_used or []) %}
meta_dict.update({{ {"variables": toyaml(all_variables())} }})
{%- endif %}
{%- endmacro %}
