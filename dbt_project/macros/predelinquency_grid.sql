{# Which days of the grid have to be worked out anew: parts of features.predelinquency_grid and of what is computed a grid day. #}

{#
  Inputs that keep their former rows, or whose former rows are touched with the new one, and whose rows say which load they came
  from: relation, column of that load, of the day of the fact, how many days after D such a day may lie, and by which cut-off of
  the grid day the fact had to be known.
#}
{% macro grid_inputs() %}
    {{ return([
        {'name': 'payments_due', 'relation': ref('payments_due'), 'load_id': 'load_id', 'day': 'due_on',
         'days_ahead': horizon_days(), 'cutoff': 'label_known_at'},
        {'name': 'payments_made', 'relation': ref('payments_made'), 'load_id': 'load_id', 'day': 'paid_on',
         'days_ahead': maturity_days(), 'cutoff': 'label_known_at'},
        {'name': 'account_balances', 'relation': ref('account_balances'), 'load_id': 'load_id', 'day': 'balance_on',
         'days_ahead': 0, 'cutoff': 'knowledge_cutoff'},
        {'name': 'bookings', 'relation': ref('account_day_signals'), 'load_id': 'load_id', 'day': 'activity_date',
         'days_ahead': 0, 'cutoff': 'knowledge_cutoff'},
        {'name': 'instalments', 'relation': ref('account_day_signals'), 'load_id': 'payment_load_id', 'day': 'activity_date',
         'days_ahead': 0, 'cutoff': 'knowledge_cutoff'}
    ]) }}
{% endmacro %}

{#
  Registers keep one row a key, so a correction leaves nothing of what a day had been worked out with: what they say of a day is
  compared. Rows that count on D: those of `day` up to `days_ahead` days after D (of any day where it is none), known by the cut-off.
  What comes to a row afterwards without a time at which it became known (an end, a closing, a deletion) is a fact with a day of
  its own: on the days before, nothing has changed.
#}
{% macro grid_registers() %}
    {{ return([
        {'name': 'loans', 'relation': ref('loans'), 'day': 'granted_on', 'days_ahead': 0, 'cutoff': 'knowledge_cutoff',
         'columns': ['loan_id', 'source_system', 'granted_on', 'matures_on', 'principal_amount']},
        {'name': 'owners', 'relation': ref('account_holders'), 'day': 'valid_from', 'days_ahead': 0,
         'cutoff': 'knowledge_cutoff', 'where': "holder_role = 'owner'", 'columns': ['account_id', 'party_id', 'valid_from']},
        {'name': 'former owners', 'relation': ref('account_holders'), 'day': 'greatest(valid_from, valid_to)', 'days_ahead': 0,
         'cutoff': 'knowledge_cutoff', 'where': "holder_role = 'owner' and valid_to is not null",
         'columns': ['account_id', 'party_id', 'valid_to']},
        {'name': 'accounts', 'relation': ref('accounts'), 'day': 'greatest(valid_from, opened_on)', 'days_ahead': 0,
         'cutoff': 'knowledge_cutoff',
         'columns': ['account_id', 'valid_from', 'source_system', 'product_name', 'product_category', 'opened_on']},
        {'name': 'deletions', 'relation': ref('accounts'), 'day': 'deleted_on', 'days_ahead': 0, 'cutoff': 'knowledge_cutoff',
         'where': 'deleted_on is not null', 'columns': ['account_id', 'valid_from', 'deleted_on']},
        {'name': 'later versions', 'relation': ref('accounts'), 'day': 'valid_from', 'days_ahead': none,
         'cutoff': 'label_known_at', 'columns': ['account_id', 'valid_from']},
        {'name': 'closings', 'relation': ref('accounts'), 'day': 'closed_on', 'days_ahead': maturity_days(),
         'cutoff': 'label_known_at', 'where': 'closed_on is not null', 'columns': ['account_id', 'valid_from', 'closed_on']}
    ]) }}
{% endmacro %}

{# CTE `registered`: per day of grid_days the fingerprint of what the registers say of it. A register is read once a run, not once
   a day of the grid: first what each day of a fact says, then which of those days count. #}
{% macro registered_ctes() %}
register_days as (
    {%- for register in grid_registers() %}
    select
        '{{ register.name }}' as register_name,
        {{ register.day }} as fact_on,
        known_at,
        {{ dbt.hash(dbt.listagg(row_hash(register.columns), "''", "order by " ~ row_hash(register.columns))) }} as rows_hash
    from {{ register.relation }}
    {%- if register.where %}
    where {{ register.where }}
    {%- endif %}
    group by {{ register.day }}, known_at
    {{- " union all" if not loop.last }}
    {%- endfor %}
),

registered as (
    select
        grid_days.as_of_date,
        {{ dbt.hash(dbt.listagg(
            "register_days.register_name || ' ' || register_days.rows_hash", "', '",
            "order by register_days.register_name, register_days.fact_on, register_days.known_at"
        )) }} as registers_hash
    from grid_days
    inner join register_days
        on
            {%- for register in grid_registers() %}
            {{ "or " if not loop.first }}(
                register_days.register_name = '{{ register.name }}'
                and grid_days.{{ register.cutoff }} >= register_days.known_at
                {%- if register.days_ahead is not none %}
                and {{ dbt.dateadd('day', register.days_ahead, 'grid_days.as_of_date') }} >= register_days.fact_on
                {%- endif %}
            )
            {%- endfor %}
    group by grid_days.as_of_date
)
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
