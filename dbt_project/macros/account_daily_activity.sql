{# Parts of the incremental model core.account_daily_activity. #}

{# Groups with transactions of loads newer than the rollup; a corrected transaction brings its old day, too. #}
{% macro touched_account_days() -%}
    select distinct account_id, event_date as activity_date
    from {{ ref('transactions') }}
    where load_id > (select coalesce(max(load_id), 0) from {{ this }})
{%- endmacro %}

{# delete+insert deletes only groups that come anew: a day whose last transaction moved elsewhere would stay. #}
{% macro delete_emptied_account_days() -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where (account_id, activity_date) in (
        select touched.account_id, touched.activity_date
        from ({{ touched_account_days() }}) as touched
        where not exists (
            select 1
            from {{ ref('transactions') }} as remaining
            where
                remaining.account_id = touched.account_id
                and remaining.event_date = touched.activity_date
                and {{ ever_visible('remaining') }}
        )
    )
    {%- endif -%}
{%- endmacro %}
