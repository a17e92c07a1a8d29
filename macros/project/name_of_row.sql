{#- Which row is meant, as people are told of it: segmentation 'rfm', segment_id '3'. Of a value that looks like somebody's
    address the shape alone is told, as in the reasons of rejected rows. Null where no column names a row. -#}
{% macro name_of_row(columns) -%}
    {%- if not columns -%}
        cast(null as string)
    {%- else -%}
        concat(
            {%- for column in columns %}
            {%- set text = shortened(column) %}
            '{{ ", " if not loop.first }}{{ column }} ', {{ in_quotes(
                "case when " ~ is_address_like(text) ~ " then " ~ shape_of(text) ~ " else " ~ text ~ " end"
            ) }}{{ "," if not loop.last }}
            {%- endfor %}
        )
    {%- endif -%}
{%- endmacro %}
