{# Which version of an account counts, and whose it is: the one home of both rules. #}

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
