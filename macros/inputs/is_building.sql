{#- True while models are being built: only then may the absence of data be an error. Listing, compiling, linting and
    documenting work without any data. -#}
{% macro is_building() -%}
    {{ return(execute and flags.WHICH in ['build', 'run', 'retry']) }}
{%- endmacro %}
