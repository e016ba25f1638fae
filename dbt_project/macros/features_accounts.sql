{# Whose accounts a feature may read, and which weeks and histories are covered; part of feature_ctes. #}
{% macro feature_account_ctes(subjects) %}
-- Whole numbers are joined and sorted more quickly than texts.
numbered_spine as (
    select
        cast(row_number() over (order by spine_id) as integer) as spine_no,
        spine_id,
        gr_id,
        party_id,
        as_of_date,
        knowledge_cutoff
    from spine
),

held_accounts as (
    select
        numbered_spine.spine_no,
        numbered_spine.as_of_date,
        numbered_spine.knowledge_cutoff,
        party_xref.party_id,
        holders.account_id
    from numbered_spine
    inner join {{ source('ml', 'party_xref') }} as party_xref
        on
            numbered_spine.gr_id = party_xref.gr_id
            and (
                (
                    numbered_spine.knowledge_cutoff >= party_xref.known_at
                    and numbered_spine.knowledge_cutoff < coalesce(party_xref.superseded_at, {{ end_of_time() }})
                )
                or numbered_spine.party_id = party_xref.party_id
            )
    inner join {{ ref('account_holders') }} as holders
        on
            party_xref.party_id = holders.party_id
            and holders.holder_role = 'owner'
            and numbered_spine.as_of_date >= holders.valid_from
            and numbered_spine.knowledge_cutoff >= holders.known_at
),

-- Of all owners of such an account, those of other people among them, the one whose it is on the day.
owned_accounts as (
    select
        ranked.spine_no,
        ranked.as_of_date,
        ranked.knowledge_cutoff,
        cast({{ dbt.dateadd('day', -90, 'ranked.as_of_date') }} as date) as window_start,
        ranked.account_id
    from (
        select
            held_accounts.*,
            owners.party_id as owner_party_id,
            row_number() over (
                partition by held_accounts.spine_no, held_accounts.party_id, held_accounts.account_id
                order by {{ owner_order('owners', 'held_accounts.as_of_date') }}
            ) as owner_rank
        from held_accounts
        inner join {{ ref('account_holders') }} as owners
            on
                held_accounts.account_id = owners.account_id
                and owners.holder_role = 'owner'
                and held_accounts.as_of_date >= owners.valid_from
                and held_accounts.knowledge_cutoff >= owners.known_at
    ) as ranked
    where
        ranked.owner_rank = 1
        and ranked.party_id = ranked.owner_party_id
),

account_versions as (
    {{ with_account_versions(
        'owned_accounts', ['spine_no', 'account_id'], 'account_id',
        ['source_system', 'product_category', 'opened_on', 'closed_on'], 'knowledge_cutoff', 'as_of_date'
    ) }}
),

-- Accounts of one source that were open through the window are covered alike, but those that have a coverage of their own:
-- coverage is looked at once a profile, not once an account.
spine_accounts as (
    select
        versions.spine_no,
        versions.as_of_date,
        versions.knowledge_cutoff,
        versions.window_start,
        versions.account_id,
        versions.source_system,
        versions.product_category,
        versions.product_category = 'DEPOSIT' as is_deposit,
        versions.closed_on,
        cast(row_number() over (order by versions.spine_no, versions.account_id) as integer) as account_no,
        cast(dense_rank() over (
            order by
                versions.source_system, versions.as_of_date, versions.knowledge_cutoff, own_coverage.scope_id,
                greatest(versions.opened_on, versions.window_start), versions.closed_on
        ) as integer) as profile_no,
        coalesce(own_coverage.scope_id, '*') as coverage_scope_id,
        greatest(versions.opened_on, versions.window_start) as open_from
    from (
        select
            account_versions.spine_no,
            account_versions.as_of_date,
            account_versions.knowledge_cutoff,
            account_versions.window_start,
            account_versions.account_id,
            account_versions.source_system,
            account_versions.product_category,
            account_versions.opened_on,
            case when account_versions.closed_on <= account_versions.as_of_date then account_versions.closed_on end
                as closed_on
        from account_versions
    ) as versions
    left join (
        select distinct scope_id
        from {{ ref('coverage') }}
        where scope_id <> '*'
    ) as own_coverage on versions.account_id = own_coverage.scope_id
),

profiles as (
    select distinct
        profile_no,
        source_system,
        as_of_date,
        knowledge_cutoff,
        coverage_scope_id,
        open_from,
        closed_on
    from spine_accounts
    where product_category = 'DEPOSIT'
),

profile_coverage as (
    select
        profiles.profile_no,
        profiles.as_of_date,
        coverage.subject,
        coverage.covered_from,
        coverage.covered_to
    from profiles
    inner join {{ ref('coverage') }} as coverage
        on
            profiles.coverage_scope_id = coverage.scope_id
            and profiles.source_system = coverage.source_system
            and profiles.knowledge_cutoff >= coverage.known_at
    where coverage.scope_id <> '*'
    union all
    select
        profiles.profile_no,
        profiles.as_of_date,
        coverage.subject,
        coverage.covered_from,
        coverage.covered_to
    from profiles
    inner join {{ ref('coverage') }} as coverage
        on
            profiles.source_system = coverage.source_system
            and coverage.scope_id = '*'
            and profiles.knowledge_cutoff >= coverage.known_at
),

-- Thirteen weeks, the last one ending on the as-of date. Their number is a double, as a slope takes it: PostgreSQL sorts once for
-- all statistics in the order of the weeks only where that order and the slope's week are the very same expression; a whole
-- number was sorted again for each of 16 slopes of every customer.
weeks as (
    select
        cast(week_no as double precision) as week_index,
        7 * (13 - week_no) + 6 as first_age_days,
        7 * (13 - week_no) as last_age_days
    from (
        {%- for week in range(1, 14) %}
        select {{ week }} as week_no {{- " union all" if not loop.last }}
        {%- endfor %}
    ) as numbered_weeks
),

-- A week is covered where it is for as long as the account was open in it. One bit a subject: a row of a week stays short.
profile_weeks as (
    select
        open_weeks.profile_no,
        open_weeks.week_index,
        max(open_weeks.is_full_week) as is_full_week,
        {%- for subject in subjects %}
        {{ '+ ' if not loop.first }}max(case when profile_coverage.subject = '{{ subject }}' then {{ 2 ** loop.index0 }} else 0 end)
        {%- endfor %} as covered_subjects
    from (
        select
            dated_weeks.*,
            case when open_from <= week_start then 1 else 0 end as is_full_week
        from (
            select
                profiles.profile_no,
                profiles.open_from,
                profiles.closed_on,
                weeks.week_index,
                cast({{ dbt.dateadd('day', '-weeks.first_age_days', 'profiles.as_of_date') }} as date) as week_start,
                cast({{ dbt.dateadd('day', '-weeks.last_age_days', 'profiles.as_of_date') }} as date) as week_end
            from profiles
            cross join weeks
        ) as dated_weeks
        where
            week_end >= open_from
            and week_start < coalesce(closed_on, cast('9999-12-31' as date))
    ) as open_weeks
    left join profile_coverage
        on
            open_weeks.profile_no = profile_coverage.profile_no
            and greatest(open_weeks.week_start, open_weeks.open_from) >= profile_coverage.covered_from
            and least(open_weeks.week_end, coalesce(open_weeks.closed_on, open_weeks.week_end))
            <= profile_coverage.covered_to
    group by open_weeks.profile_no, open_weeks.week_index
),

-- History counts where it is covered on the as-of date, from the day that coverage begins.
history_coverage as (
    select
        spine_accounts.spine_no,
        min(profile_histories.covered_from) as history_from,
        count(*) = count(profile_histories.covered_from) as is_history_covered
    from spine_accounts
    left join (
        select
            profile_no,
            min(covered_from) as covered_from
        from profile_coverage
        where
            subject = 'transactions'
            and as_of_date between covered_from and covered_to
        group by profile_no
    ) as profile_histories on spine_accounts.profile_no = profile_histories.profile_no
    where
        spine_accounts.product_category = 'DEPOSIT'
        and spine_accounts.closed_on is null
    group by spine_accounts.spine_no
),
{% endmacro %}
