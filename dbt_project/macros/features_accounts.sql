{# Whose accounts and days a feature may read, and which weeks and histories are covered; part of feature_ctes. #}
{% macro feature_account_ctes(subjects) %}
first_owners as (
    select
        account_id,
        party_id,
        known_at,
        valid_from,
        row_number() over (
            partition by account_id
            order by valid_from, party_id
        ) as owner_rank
    from {{ ref('account_holders') }}
    where holder_role = 'owner'
),

account_versions as (
    select
        spine.spine_id,
        spine.as_of_date,
        spine.knowledge_cutoff,
        accounts.account_id,
        accounts.source_system,
        accounts.product_category,
        accounts.opened_on,
        case when accounts.closed_on <= spine.as_of_date then accounts.closed_on end as closed_on,
        row_number() over (
            partition by spine.spine_id, accounts.account_id
            order by accounts.valid_from desc, accounts.known_at desc
        ) as version_rank
    from spine
    inner join {{ source('ml', 'party_xref') }} as party_xref
        on
            spine.gr_id = party_xref.gr_id
            and (
                (
                    spine.knowledge_cutoff >= party_xref.known_at
                    and spine.knowledge_cutoff < coalesce(party_xref.superseded_at, {{ end_of_time() }})
                )
                or spine.party_id = party_xref.party_id
            )
    inner join first_owners
        on
            party_xref.party_id = first_owners.party_id
            and first_owners.owner_rank = 1
            and spine.as_of_date >= first_owners.valid_from
            and spine.knowledge_cutoff >= first_owners.known_at
    inner join {{ ref('accounts') }} as accounts
        on
            first_owners.account_id = accounts.account_id
            and spine.as_of_date >= accounts.opened_on
            and spine.as_of_date >= accounts.valid_from
            and spine.knowledge_cutoff >= accounts.known_at
),

spine_accounts as (
    select * from account_versions
    where version_rank = 1
),

account_days as (
    select
        spine_accounts.spine_id,
        spine_accounts.product_category,
        spine_accounts.as_of_date,
        spine_accounts.knowledge_cutoff,
        activity.*,
        {{ dbt.datediff('activity.activity_date', 'spine_accounts.as_of_date', 'day') }} as age_days
    from spine_accounts
    inner join {{ ref('account_daily_activity') }} as activity
        on
            spine_accounts.account_id = activity.account_id
            and spine_accounts.as_of_date >= activity.activity_date
            and spine_accounts.knowledge_cutoff >= activity.known_at
            and spine_accounts.knowledge_cutoff < activity.visible_until
),

-- Thirteen weeks, the last one ending on the as-of date.
weeks as (
    {%- for week in range(1, 14) %}
    select {{ week }} as week_index, {{ 7 * (13 - week) + 6 }} as first_age_days, {{ 7 * (13 - week) }} as last_age_days
    {{- " union all" if not loop.last }}
    {%- endfor %}
),

spine_weeks as (
    select
        spine.spine_id,
        weeks.week_index,
        cast({{ dbt.dateadd('day', '-weeks.first_age_days', 'spine.as_of_date') }} as date) as week_start,
        cast({{ dbt.dateadd('day', '-weeks.last_age_days', 'spine.as_of_date') }} as date) as week_end
    from spine
    cross join weeks
),

account_coverage as (
    select
        spine_accounts.spine_id,
        spine_accounts.account_id,
        coverage.subject,
        coverage.covered_from,
        coverage.covered_to
    from spine_accounts
    inner join {{ ref('coverage') }} as coverage
        on
            spine_accounts.account_id = coverage.scope_id
            and spine_accounts.source_system = coverage.source_system
            and spine_accounts.knowledge_cutoff >= coverage.known_at
    where spine_accounts.product_category = 'DEPOSIT'
    union all
    select
        spine_accounts.spine_id,
        spine_accounts.account_id,
        coverage.subject,
        coverage.covered_from,
        coverage.covered_to
    from spine_accounts
    inner join {{ ref('coverage') }} as coverage
        on
            spine_accounts.source_system = coverage.source_system
            and coverage.scope_id = '*'
            and spine_accounts.knowledge_cutoff >= coverage.known_at
    where spine_accounts.product_category = 'DEPOSIT'
),

-- A week is covered where every deposit account that was open in it is, for as long as it was open.
account_week_coverage as (
    select
        spine_weeks.spine_id,
        spine_weeks.week_index,
        spine_accounts.account_id,
        max(case when spine_accounts.opened_on <= spine_weeks.week_start then 1 else 0 end) as is_full_week,
        {%- for subject in subjects %}
        max(case when account_coverage.subject = '{{ subject }}' then 1 else 0 end) as covers_{{ subject }}{{ "," if not loop.last }}
        {%- endfor %}
        {%- if not subjects %} 1 as nothing_to_cover {% endif %}
    from spine_weeks
    inner join spine_accounts
        on
            spine_weeks.spine_id = spine_accounts.spine_id
            and spine_accounts.product_category = 'DEPOSIT'
            and spine_weeks.week_end >= spine_accounts.opened_on
            and spine_weeks.week_start < coalesce(spine_accounts.closed_on, cast('9999-12-31' as date))
    left join account_coverage
        on
            spine_accounts.spine_id = account_coverage.spine_id
            and spine_accounts.account_id = account_coverage.account_id
            and greatest(spine_weeks.week_start, spine_accounts.opened_on) >= account_coverage.covered_from
            and least(spine_weeks.week_end, coalesce(spine_accounts.closed_on, spine_weeks.week_end))
            <= account_coverage.covered_to
    group by spine_weeks.spine_id, spine_weeks.week_index, spine_accounts.account_id
),

week_coverage as (
    select
        spine_id,
        week_index,
        {%- for subject in subjects %}
        max(is_full_week) = 1 and min(covers_{{ subject }}) = 1 as covers_{{ subject }}{{ "," if not loop.last }}
        {%- endfor %}
        {%- if not subjects %} true as nothing_to_cover {% endif %}
    from account_week_coverage
    group by spine_id, week_index
),

-- History counts where it is covered on the as-of date, from the day that coverage begins.
history_coverage as (
    select
        spine_id,
        min(covered_from) as history_from,
        min(is_covered) = 1 as is_history_covered
    from (
        select
            spine_accounts.spine_id,
            spine_accounts.account_id,
            min(account_coverage.covered_from) as covered_from,
            max(case when account_coverage.account_id is null then 0 else 1 end) as is_covered
        from spine_accounts
        left join account_coverage
            on
                spine_accounts.spine_id = account_coverage.spine_id
                and spine_accounts.account_id = account_coverage.account_id
                and account_coverage.subject = 'transactions'
                and spine_accounts.as_of_date between account_coverage.covered_from and account_coverage.covered_to
        where
            spine_accounts.product_category = 'DEPOSIT'
            and spine_accounts.closed_on is null
        group by spine_accounts.spine_id, spine_accounts.account_id
    ) as by_account
    group by spine_id
),
{% endmacro %}
