-- One row: whether this run reads all of the inputs, or what has changed in them since the last published run.
-- depends_on: {{ ref("resolved_configuration") }}
{%- set today = run_started_at.strftime("%Y-%m-%d") %}
{%- set known_until = (var("as_of_date") or today) | string %}
{%- set last_day = [known_until, today] | max %}
{{ layer_scope(
    fingerprint="'" ~ code_fingerprint() ~ variables_fingerprint() ~ types_fingerprint() ~ "'",
    difference="the configuration of the inputs, their types or the project itself has changed",
    reasons=[
        "'a full refresh was asked for'" if flags.FULL_REFRESH else "null",
        "case when previous.fingerprint is not null then 'tables are missing: " ~ missing_tables() ~ "' end"
            if missing_tables() else "null",
        "case when '" ~ known_until ~ "' < previous.known_until or '" ~ last_day
            ~ "' < previous.last_day then 'less is known than at the run before' end",
    ],
    extra={
        "known_until": ("string", "'" ~ known_until ~ "'"),
        "last_day": ("string", "'" ~ last_day ~ "'"),
        "has_time_passed": (
            "boolean",
            "coalesce('" ~ known_until ~ "' > previous.known_until or '" ~ last_day ~ "' > previous.last_day, false)"
        ),
        "is_complete": ("boolean", "true" if is_complete_run() else "false"),
        "reaches_gate": ("boolean", "true" if is_complete_run(until="publication_gate") else "false"),
        "words": ("string", "'" ~ words_of_run() ~ "'"),
    }
) }}

select * from final
