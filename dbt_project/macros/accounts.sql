{# Which versions of an account there are, which of them counts, and whose it is: the one home of these rules. #}

{#
  Versions of accounts from rows that a history file notes by day: a version counts from the day it was noted. Before the first
  note the first one holds, from the opening on, however late a bank's notes begin; but for a closing, of which nothing is known
  before its own note: an account that was closed when it was first noted has been open until then. Adds valid_from and
  closed_then (the closing as known by the version) to the columns of `relation`.

  relation: a CTE with one row per `key` and updated_on, with opened_on and closed_on.
#}
{% macro account_versions_from_notes(relation, key) %}
    with noted as (
        select
            {{ relation }}.*,
            row_number() over (partition by {{ key }} order by updated_on) as note_number
        from {{ relation }}
    )

    select
        noted.*,
        case when note_number = 1 then least(opened_on, updated_on) else updated_on end as valid_from,
        case when note_number > 1 or updated_on <= opened_on then closed_on end as closed_then
    from noted
    union all
    select
        noted.*,
        updated_on as valid_from,
        closed_on as closed_then
    from noted
    where
        note_number = 1
        and closed_on is not null
        and updated_on > opened_on
{% endmacro %}

{#
  Rows of `relation` with the version of their account that counts: of those known by the cut-off the newest. A row without one
  is left out.

  relation: a CTE with one row per `key`; account_id, cutoff and day: its columns, or SQL of them. With a day only versions that
  had begun, of accounts that were open or had been, count.
  columns: those of core.accounts to add.
#}
{% macro with_account_versions(relation, key, account_id, columns, cutoff, day=none) %}
    select versions.*
    from (
        select
            {{ relation }}.*,
            {%- for column in columns %}
            accounts.{{ column }},
            {%- endfor %}
            row_number() over (
                partition by {% for part in key %}{{ relation }}.{{ part }}{{ ", " if not loop.last }}{% endfor %}
                order by accounts.valid_from desc, accounts.known_at desc
            ) as version_rank
        from {{ relation }}
        inner join {{ ref('accounts') }} as accounts
            on
                {{ relation }}.{{ account_id }} = accounts.account_id
                and {{ relation }}.{{ cutoff }} >= accounts.known_at
                {%- if day %}
                and {{ relation }}.{{ day }} >= accounts.valid_from
                and {{ relation }}.{{ day }} >= accounts.opened_on
                {%- endif %}
    ) as versions
    where versions.version_rank = 1
{% endmacro %}

{# Order of an account's owners on a day, those known by then: who owns it on the day comes before who did; of several owners the
   one who came first, of former ones the last. The end of a holding has no time of its own at which it became known: the former
   owner stays the owner until the next one is known. #}
{% macro owner_order(holders, day) -%}
    case when {{ holders }}.valid_to is null or {{ holders }}.valid_to > {{ day }} then 0 else 1 end asc,
    case when {{ holders }}.valid_to is null or {{ holders }}.valid_to > {{ day }} then {{ holders }}.valid_from end asc,
    {{ holders }}.valid_from desc,
    {{ holders }}.party_id asc
{%- endmacro %}
