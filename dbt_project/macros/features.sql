{# Behavioural features from the catalogue: the YAML beside features.customer_features says what a signal and a feature is,
   these macros turn it into SQL. A new feature is YAML only. Both spines (customers at D, loans at L-1) use the same SQL.

   A spine is a CTE named `spine` with spine_id, gr_id, party_id (owner known by contract, or NULL), as_of_date and
   knowledge_cutoff, one row per spine_id. Only what happened by as_of_date and was known by knowledge_cutoff is read.

   Sums are exact decimals: floating-point sums differ in the last digit with the order of rows, and two runs of one day must
   give equal rows. A feature becomes a double at the very end. #}

{# The catalogue's model; while dbt parses, its columns are not known yet. #}
{% macro catalogue_model() %}
    {{ return(graph.nodes['model.' ~ project_name ~ '.customer_features'] if execute else none) }}
{% endmacro %}

{# Signals of the catalogue, of one kind: flow (days of the rollup added up), booking (single bookings added up, for what the rollup
   does not carry), balance, or derived at stage 2 or 3 from the week's other signals. #}
{% macro signals_of(kind, stage=none) %}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for name, signal in catalogue_model().config.meta.signals.items() -%}
            {%- if signal.kind == kind and (stage is none or signal.stage == stage) -%}
                {%- do found.append({'name': name, 'expression': signal.expression | default(none), 'coverage': signal.coverage}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}

{# Feature columns of a model: those whose meta names a category. #}
{% macro features_of(node) %}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for column in node.columns.values() -%}
            {%- set meta = column.config.meta if column.config is defined and column.config.meta else column.meta -%}
            {%- if meta.category is defined -%}
                {%- do found.append({'name': column.name, 'meta': meta, 'data_type': column.data_type}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}

{# The CTEs below carry no statistics, so PostgreSQL expects one row where there are thousands and joins them row by row: 12 s
   for 1,229 customers of the bank, 1.5 s with hash joins (2026-11-22). Holds for the model's own transaction only. #}
{% macro prefer_hash_joins() -%}
    {%- if target.type == 'postgres' -%} set local enable_nestloop = off {%- endif -%}
{%- endmacro %}

{# The hour of a day at which the portfolio takes its knowledge cut-off. #}
{% macro cutoff_on(date_expression) -%}
    {{ local_to_instant("(cast(" ~ date_expression ~ " as timestamp) + interval '" ~ env_var("ASSAY_KNOWLEDGE_HOUR", "2") ~ " hours')") }}
{%- endmacro %}

{# One feature: a statistic of a signal's weeks, or an expression over such statistics and the spine's own columns. #}
{% macro feature_expression(feature) -%}
    {%- if feature.meta.statistic == 'expression' -%}
        {{ feature.meta.expression }}
    {%- else -%}
        {{ feature.meta.signal }}__{{ feature.meta.statistic }}
    {%- endif -%}
{%- endmacro %}

{# All CTEs from `spine` to `feature_values` (spine_id, the features of `nodes`, covered_weeks_count, is_history_covered). #}
{% macro feature_ctes(nodes) %}
{%- set flows = signals_of('flow') -%}
{%- set bookings = signals_of('booking') -%}
{%- set balances = signals_of('balance') -%}
{%- set derived = signals_of('derived') -%}
{%- set subjects = [] -%}
{%- for signal in flows + bookings + balances + derived -%}
    {%- for subject in signal.coverage if subject not in subjects -%}{%- do subjects.append(subject) -%}{%- endfor -%}
{%- endfor -%}
{{ feature_account_ctes(subjects) }}
{{ feature_flow_ctes(flows, bookings) }}
{{ feature_balance_ctes() }}
-- A week without transactions is a real 0 where the week is covered, and NULL where it is not.
weekly_1 as (
    select
        spine_weeks.spine_id,
        spine_weeks.week_index,
        coalesce(week_coverage.covers_transactions, false) as is_covered,
        {%- for signal in flows %}
        case
            when {% for subject in signal.coverage %}week_coverage.covers_{{ subject }}{{ " and " if not loop.last }}{% endfor %}
                then coalesce(weekly_flows.{{ signal.name }}, 0)
        end as {{ signal.name }},
        {%- endfor %}
        {%- for signal in bookings %}
        case
            when {% for subject in signal.coverage %}week_coverage.covers_{{ subject }}{{ " and " if not loop.last }}{% endfor %}
                then coalesce(weekly_bookings.{{ signal.name }}, 0)
        end as {{ signal.name }},
        {%- endfor %}
        {%- for signal in balances %}
        case
            when {% for subject in signal.coverage %}week_coverage.covers_{{ subject }}{{ " and " if not loop.last }}{% endfor %}
                then weekly_balances.{{ signal.name }}
        end as {{ signal.name }}{{ "," if not loop.last }}
        {%- endfor %}
        {%- if not balances %} 1 as nothing {% endif %}
    from spine_weeks
    left join week_coverage
        on
            spine_weeks.spine_id = week_coverage.spine_id
            and spine_weeks.week_index = week_coverage.week_index
    left join weekly_flows
        on
            spine_weeks.spine_id = weekly_flows.spine_id
            and spine_weeks.week_index = weekly_flows.week_index
    left join weekly_bookings
        on
            spine_weeks.spine_id = weekly_bookings.spine_id
            and spine_weeks.week_index = weekly_bookings.week_index
    left join weekly_balances
        on
            spine_weeks.spine_id = weekly_balances.spine_id
            and spine_weeks.week_index = weekly_balances.week_index
),
{% for stage in [2, 3] %}
weekly_{{ stage }} as (
    select
        weekly_{{ stage - 1 }}.*
        {%- for signal in signals_of('derived', stage) %},
        cast({{ signal.expression }} as numeric(38, 12)) as {{ signal.name }}
        {%- endfor %}
    from weekly_{{ stage - 1 }}
),
{% endfor %}
statistics as (
    select
        spine_id,
        {%- for signal in flows + bookings + balances + derived %}
        {%- set x = signal.name %}
        avg({{ x }}) as {{ x }}__mean,
        stddev_pop({{ x }}) as {{ x }}__std,
        min({{ x }}) as {{ x }}__min,
        max({{ x }}) as {{ x }}__max,
        sum({{ x }}) as {{ x }}__sum,
        max(case when week_index = 13 then {{ x }} end) as {{ x }}__last,
        avg(case when week_index >= 10 then {{ x }} end) as {{ x }}__recent,
        avg(case when week_index <= 9 then {{ x }} end) as {{ x }}__earlier,
        stddev_pop({{ x }}) / nullif(avg({{ x }}), 0) as {{ x }}__cv,
        (avg(case when week_index >= 10 then {{ x }} end) - avg(case when week_index <= 9 then {{ x }} end))
        / nullif(avg({{ x }}), 0) as {{ x }}__change_ratio,
        {%- endfor %}
        cast(sum(case when is_covered then 1 else 0 end) as integer) as covered_weeks_count
    from weekly_3
    group by spine_id
),

feature_values as (
    select
        spine.spine_id,
        statistics.covered_weeks_count,
        coalesce(history_coverage.is_history_covered, false) as is_history_covered
        {%- for node in nodes %}
        {%- for feature in features_of(node) %},
        cast({{ feature_expression(feature) }} as {{ feature.data_type }}) as {{ feature.name }}
        {%- endfor %}
        {%- endfor %}
    from spine
    inner join statistics on spine.spine_id = statistics.spine_id
    left join history_coverage on spine.spine_id = history_coverage.spine_id
    left join history_flows on spine.spine_id = history_flows.spine_id
    left join history_bookings on spine.spine_id = history_bookings.spine_id
    left join history_income on spine.spine_id = history_income.spine_id
    left join history_balances on spine.spine_id = history_balances.spine_id
)
{% endmacro %}
