{# Behavioural features from the catalogue: the YAML beside features.customer_features says what a signal and a feature is,
   these macros turn it into SQL. A new feature is YAML only. Every spine (customers at D, loans at L-1) uses the same SQL.

   A spine is a CTE named `spine` with spine_id, gr_id, party_id (owner known by contract, or NULL), as_of_date and
   knowledge_cutoff, one row per spine_id. Only what happened by as_of_date and was known by knowledge_cutoff is read.

   Amounts are whole hundredths in doubles up to the weeks: such sums are exact below 9e15, in any order of rows. What is not
   exact (a standard deviation, a slope) is added up in the order of the weeks: two runs of one day give equal rows. #}

{# The catalogue's model; while dbt parses, its columns are not known yet. #}
{% macro catalogue_model() %}
    {{ return(graph.nodes['model.' ~ project_name ~ '.customer_features'] if execute else none) }}
{% endmacro %}

{# Signals of the catalogue by name, those of the kinds and names given. #}
{% macro signals_of(kinds, names=none) %}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for name, signal in catalogue_model().config.meta.signals.items() -%}
            {%- if signal.kind in kinds and (names is none or name in names) -%}
                {%- do found.append({
                    'name': name, 'kind': signal.kind, 'unit': signal.unit, 'coverage': signal.coverage,
                    'expression': signal.expression | default(none), 'aggregation': signal.aggregation | default('sum'),
                    'stage': signal.stage | default(none)
                }) -%}
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

{# Features that a model of ml reads, in the order of the columns of `node`, its table; defined there or in the catalogue. #}
{% macro features_used_by(model_name, node) %}
    {%- set defined = {} -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for feature in features_of(catalogue_model()) + features_of(node) if model_name in feature.meta.used_by -%}
            {%- do defined.update({feature.name: feature}) -%}
        {%- endfor -%}
        {%- for name in node.columns if name in defined -%}{%- do found.append(defined[name]) -%}{%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}

{# What features need: the statistics of weeks, the signals behind them, and whether the whole history. #}
{% macro needs_of(features) %}
    {%- set statistics = [] -%}
    {%- set names = [] -%}
    {%- set texts = [] -%}
    {%- set catalogue = catalogue_model().config.meta.signals if execute else {} -%}
    {%- for feature in features -%}
        {%- set text = feature_expression(feature) -%}
        {%- do texts.append(text) -%}
        {%- for pair in modules.re.findall('\\b([a-z_]+?)__(mean|std|min|max|sum|last|trend|recent|earlier|cv|change_ratio)\\b', text) -%}
            {%- if pair not in statistics -%}{%- do statistics.append(pair) -%}{%- endif -%}
            {%- if pair[0] not in names -%}{%- do names.append(pair[0]) -%}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {#- A derived signal of stage 3 needs those of stage 2, and these the week's own. -#}
    {%- for round in range(3) -%}
        {%- for signal in signals_of(['derived', 'day'], names) -%}
            {%- for word in modules.re.findall('[a-z_]+', signal.expression) -%}
                {%- if word in catalogue and word not in names -%}
                    {%- do names.append(word) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set reads_history = signals_of(['daily_balance'], names) | length > 0
        or modules.re.search('lifetime|yardstick|history_days|window_low_days', texts | join(' ')) is not none -%}
    {{ return({'statistics': statistics, 'signals': names, 'reads_history': reads_history}) }}
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
        {{ return(feature.meta.expression) }}
    {%- else -%}
        {{ return(feature.meta.signal ~ '__' ~ feature.meta.statistic) }}
    {%- endif -%}
{%- endmacro %}

{#
  All CTEs from `spine` to `feature_values` (spine_id, the features, covered_weeks_count, is_history_covered).

  features: as features_of or features_used_by gives them; only the signals and statistics they need are computed, and the
  history before the window is read only where one of them looks back that far.
  from_day, to_day: SQL of the first and last day that any row of the spine looks at, where one day's spine knows them: the
  planner then sees how few days of account_day_signals are read.
#}
{% macro feature_ctes(features, from_day=none, to_day=none) %}
{%- set needs = needs_of(features) -%}
{%- set subjects = ['transactions'] -%}
{%- for signal in signals_of(['flow', 'booking', 'instalment', 'day', 'balance', 'daily_balance', 'derived'], needs.signals) -%}
    {%- for subject in signal.coverage if subject not in subjects -%}{%- do subjects.append(subject) -%}{%- endfor -%}
{%- endfor -%}
{{ feature_account_ctes(subjects) }}
{{ feature_week_ctes(needs.signals, subjects, from_day, to_day) }}
{%- if needs.reads_history %}
{{ feature_history_ctes() }}
{%- endif %}
{{ feature_statistic_ctes(needs, subjects) }}
feature_values as (
    select
        spine.spine_id,
        coalesce(measured_statistics.covered_weeks_count, 0) as covered_weeks_count,
        coalesce(history_coverage.is_history_covered, false) as is_history_covered
        {%- for feature in features %},
        cast({{ feature_expression(feature) }} as {{ feature.data_type }}) as {{ feature.name }}
        {%- endfor %}
    from spine
    inner join numbered_spine on spine.spine_id = numbered_spine.spine_id
    left join measured_statistics on numbered_spine.spine_no = measured_statistics.spine_no
    {%- if signals_of(['derived'], needs.signals) %}
    left join derived_statistics on numbered_spine.spine_no = derived_statistics.spine_no
    {%- endif %}
    left join history_coverage on numbered_spine.spine_no = history_coverage.spine_no
    {%- if needs.reads_history %}
    left join history_flows on numbered_spine.spine_no = history_flows.spine_no
    left join history_income on numbered_spine.spine_no = history_income.spine_no
    left join history_balances on numbered_spine.spine_no = history_balances.spine_no
    {%- endif %}
)
{% endmacro %}
