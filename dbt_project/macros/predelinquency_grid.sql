{# Which days of the grid have to be worked out anew: parts of features.predelinquency_grid and of what is computed a grid day. #}

{#
  Inputs whose rows say which load they came from: relation, column of that load, of the day of the fact, how many days after D
  such a day may lie, and by which cut-off of the grid day the fact had to be known.
#}
{% macro grid_inputs() %}
    {{ return([
        {'name': 'payments_due', 'relation': ref('payments_due'), 'load_id': 'load_id', 'day': 'due_on',
         'days_ahead': horizon_days(), 'cutoff': 'label_known_at'},
        {'name': 'payments_made', 'relation': ref('payments_made'), 'load_id': 'load_id', 'day': 'paid_on',
         'days_ahead': maturity_days(), 'cutoff': 'label_known_at'},
        {'name': 'accounts', 'relation': ref('accounts'), 'load_id': 'load_id', 'day': 'valid_from',
         'days_ahead': maturity_days(), 'cutoff': 'label_known_at'},
        {'name': 'account_holders', 'relation': ref('account_holders'), 'load_id': 'load_id', 'day': 'valid_from',
         'days_ahead': 0, 'cutoff': 'knowledge_cutoff'},
        {'name': 'loans', 'relation': ref('loans'), 'load_id': 'load_id', 'day': 'granted_on',
         'days_ahead': 0, 'cutoff': 'knowledge_cutoff'},
        {'name': 'account_balances', 'relation': ref('account_balances'), 'load_id': 'load_id', 'day': 'balance_on',
         'days_ahead': 0, 'cutoff': 'knowledge_cutoff'},
        {'name': 'bookings', 'relation': ref('account_day_signals'), 'load_id': 'load_id', 'day': 'activity_date',
         'days_ahead': 0, 'cutoff': 'knowledge_cutoff'},
        {'name': 'instalments', 'relation': ref('account_day_signals'), 'load_id': 'payment_load_id', 'day': 'activity_date',
         'days_ahead': 0, 'cutoff': 'knowledge_cutoff'}
    ]) }}
{% endmacro %}

{# Days of the grid whose table has to be worked out anew; all of them where the table is made from nothing.
   computed: the column that says which inputs the table was computed with; inputs: SQL of what it is to be computed with. #}
{% macro pending_grid_days(computed, inputs) %}
    select
        as_of_date,
        knowledge_cutoff,
        label_known_at
    from {{ ref('predelinquency_grid') }}
    where
        label_known_at <= {{ knowledge_cutoff() }}
        {%- if is_incremental() %}
        and {{ computed }} is distinct from {{ inputs }}
        {%- endif %}
{% endmacro %}

{# Rows of the days that come anew, and of days that left the grid. #}
{% macro delete_pending_grid_days(computed, inputs) %}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where
        as_of_date in (select as_of_date from ({{ pending_grid_days(computed, inputs) }}) as pending)
        or as_of_date not in (select as_of_date from {{ ref('predelinquency_grid') }})
    {%- endif -%}
{% endmacro %}

{# Writes down, in the table's own transaction, that its days are done: those without a row, too. #}
{% macro mark_grid_days_done(computed, inputs) %}
    update {{ ref('predelinquency_grid') }}
    set {{ computed }} = {{ inputs }}
    where label_known_at <= {{ knowledge_cutoff() }}
{% endmacro %}

{# What rows of training_features are computed with: the day's inputs, and the definitions. #}
{% macro training_inputs() -%}
    cast(inputs_no as {{ dbt.type_string() }})
    || ' {{ definitions_version(features_used_by("predelinquency_30d", catalogue_model())) }}'
{%- endmacro %}
