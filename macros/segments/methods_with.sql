{#- Written by `make schema` from segmentation.config.methods, where methods are added: the methods that
    have a trait, one of is_fitted, is_clustering, takes_categories, is_fallback. -#}
{% macro methods_with(trait) -%}
    {{ return({
        'is_fitted': ['rfm', 'kmeans', 'kprototypes'],
        'is_clustering': ['kmeans', 'kprototypes'],
        'takes_categories': ['rules', 'kprototypes'],
        'is_fallback': ['rules', 'rfm'],
    }[trait]) }}
{%- endmacro %}
