{#-
  Scaled features have mean 0 and deviation 1 in the sample that they were fitted on: what standard scaling promises,
  checked on the SQL side, so it also proves that SQL scales as the fit did.

  model: one row per feature with `scale`, `mean`, `deviation`.
-#}
{% test scaled_to_standard(model, tolerance=1e-6) %}

select *
from {{ model }}
where
    scale = 'standard'
    and (
        mean is null
        or deviation is null
        or abs(mean) > {{ tolerance }}
        or abs(deviation - 1) > {{ tolerance }}
    )

{% endtest %}
