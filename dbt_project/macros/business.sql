{# Small businesses: their state at D, months, and the thresholds of the GST rules, each with its reason. #}

{# A business as known at the cut-off: its version at D. #}
{% macro businesses_at_day() -%}
    select
        business_id,
        source_system,
        party_id,
        gstin,
        sector,
        constitution,
        incorporated_on
    from (
        select
            businesses.*,
            row_number() over (
                partition by business_id
                order by valid_from desc, known_at desc
            ) as version_rank
        from {{ ref('businesses') }} as businesses
        where known_at <= {{ knowledge_cutoff() }} and valid_from <= {{ as_of_date() }}
    ) as ranked
    where version_rank = 1
{%- endmacro %}

{# First day of a day's month. #}
{% macro month_start(date_expression) -%}
    cast({{ dbt.date_trunc('month', date_expression) }} as date)
{%- endmacro %}

{# Months as whole numbers, so that windows of months are ranges of numbers. #}
{% macro month_index(date_expression) -%}
    cast(12 * extract(year from {{ date_expression }}) + extract(month from {{ date_expression }}) as integer)
{%- endmacro %}

{# The latest version of a document that changes its state, as known at D. #}
{% macro documents_at_day(entity, key, date_column) -%}
    select *
    from (
        select
            documents.*,
            row_number() over (
                partition by documents.source_system, {{ key }}
                order by {{ date_column }} desc, documents.known_at desc
            ) as state_rank
        from {{ ref(entity) }} as documents
        where
            documents.{{ date_column }} <= {{ as_of_date() }}
            and {{ visible_at('documents', knowledge_cutoff()) }}
    ) as ranked
    where state_rank = 1
{%- endmacro %}

{#
  Thresholds (2026-11-24). The first three are the seed's rules; the tolerance of the turnover is ours.

  itc_ratio           input credit over 95 % of output tax
  late_days           filed more than 30 days after the statutory due day
  turnover_tolerance  over three months, declared turnover plus tax and bank receipts may differ by a factor of 1.4: payment
                      terms move receipts by up to a month, which at a festival peak of five times the usual sales is a
                      third of three months' turnover
  credit_support      credit claimed may exceed the tax on reported purchases by a tenth: invoices come a month late
  purchase_tolerance  purchases of six months may exceed what suppliers were paid by 60 %: two months' terms
  nil_cash_share      cash tax of at most 1 % of the output tax is nil (Rule 86B of the CGST Rules asks for 1 %)
  nil_cash_turnover   from 1,000,000 in three months on (4,000,000 a year, below which goods need no registration)
  gap_tolerance       GSTR-1 may exceed GSTR-3B by a tenth: amendments
  gap_amount          and by 5,000 rupees
  cycle_ratio         amounts of three months that differ by at most 15 % around a circle add no value; work on goods adds more,
                      though single months may look alike by the timing of payments
  cycle_share         of the trade with businesses: a circle of less is noise
  sustained_periods   evidence counts from three of the last twelve periods on
  sustained_share     and a third of those in which it could be seen: a long history alone raises nothing
#}
{% macro gst_rule(name) -%}
    {{ return({
        'itc_ratio': '0.95',
        'late_days': '30',
        'turnover_tolerance': '1.40',
        'credit_support': '1.10',
        'purchase_tolerance': '1.60',
        'nil_cash_share': '0.01',
        'nil_cash_turnover': '1000000',
        'gap_tolerance': '1.10',
        'gap_amount': '5000',
        'cycle_ratio': '1.15',
        'cycle_share': '0.10',
        'sustained_periods': '3',
        'sustained_share': '0.3333',
    }[name]) }}
{%- endmacro %}

{#
  Circles of two to four in a graph of monthly edges, in which every edge carries nearly the same amount.

  monthly: a CTE of payer_id, payee_id, month_index, amount. The three months to each month are compared, also where the legs
  of a circle fall in different ones. A circle is told once for each of its members: member_id, month_index, cycle_length, cycle_amount (its smallest
  edge, over three months), members.
  Only nodes that both give and take in a month can lie on a circle; without that filter the joins would walk the whole
  trade.
#}
{% macro amount_cycles(monthly, lengths=(2, 3, 4)) -%}
    {%- set ratio = gst_rule('cycle_ratio') -%}
    -- Each month's trade counts in its own month and the two that follow.
    spread as (
        {%- for offset in range(3) %}
        select
            payer_id,
            payee_id,
            month_index + {{ offset }} as month_index,
            amount
        from {{ monthly }}
        {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    edges as (
        select
            payer_id,
            payee_id,
            month_index,
            sum(amount) as edge_amount
        from spread
        group by payer_id, payee_id, month_index
    ),

    inner_edges as (
        select edges.*
        from edges
        where
            exists (
                select 1 from edges as onward
                where onward.payer_id = edges.payee_id and onward.month_index = edges.month_index
            )
            and exists (
                select 1 from edges as before
                where before.payee_id = edges.payer_id and before.month_index = edges.month_index
            )
            and edges.payer_id <> edges.payee_id
    ),

    {% for length in lengths -%}
    circles_{{ length }} as (
        select
            e1.month_index,
            {{ length }} as cycle_length,
            least({% for i in range(1, length + 1) %}e{{ i }}.edge_amount{{ ", " if not loop.last }}{% endfor %}) as cycle_amount,
            {% for i in range(1, length + 1) %}e{{ i }}.payer_id as member_{{ i }}{{ ",
            " if not loop.last }}{% endfor %}
        from inner_edges as e1
        {%- for i in range(2, length + 1) %}
        inner join inner_edges as e{{ i }}
            on
                e{{ i - 1 }}.payee_id = e{{ i }}.payer_id
                and e1.month_index = e{{ i }}.month_index
                and e{{ i }}.edge_amount between e1.edge_amount / {{ ratio }} and e1.edge_amount * {{ ratio }}
                -- Each circle starts at its smallest member, once.
                and e1.payer_id < e{{ i }}.payer_id
        {%- endfor %}
        where
            e{{ length }}.payee_id = e1.payer_id
            {%- for i in range(2, length + 1) %}{% for j in range(i + 1, length + 1) %}
            and e{{ i }}.payer_id <> e{{ j }}.payer_id
            {%- endfor %}{% endfor %}
            and greatest({% for i in range(1, length + 1) %}e{{ i }}.edge_amount{{ ", " if not loop.last }}{% endfor %})
            <= {{ ratio }} * least({% for i in range(1, length + 1) %}e{{ i }}.edge_amount{{ ", " if not loop.last }}{% endfor %})
    ),

    {% endfor -%}
    cycle_members as (
        {%- for length in lengths %}{% set outer_last = loop.last %}{% for i in range(1, length + 1) %}
        select
            member_{{ i }} as member_id,
            month_index,
            cycle_length,
            cycle_amount,
            {% for j in range(1, length + 1) %}member_{{ j }}{{ " || ' > ' || " if not loop.last }}{% endfor %} as members
        from circles_{{ length }}
        {{ "union all" if not (outer_last and loop.last) }}
        {%- endfor %}{% endfor %}
    )
{%- endmacro %}
