{{
    config(
        indexes=[
            {'columns': ['month_start']},
            {'columns': ['merchant_category']}
        ]
    )
}}

-- The days come from a calendar, not from the data: a month or a weekday in which nothing happened keeps its rows.
with calendar as (
    select
        calendar_day,
        cast(date_trunc('month', cast(calendar_day as timestamp)) as date) as month_start,
        {{ day_of_week('calendar_day') }} as day_of_week
    from (
        select cast(series.day_at as date) as calendar_day
        from generate_series(
            {{ open_month_start() }} - interval '24 months', cast({{ as_of_date() }} as timestamp), interval '1 day'
        ) as series (day_at)
    ) as days
),

transactions as (
    {{ booked_transactions("cast(" ~ open_month_start() ~ " - interval '24 months' as date)") }}
),

-- Many accounts are covered over the same days: their spans are compared with the calendar once.
covered_spans as (
    select distinct
        coverage.covered_from,
        coverage.covered_to
    from {{ ref('coverage') }} as coverage
    where coverage.subject = 'transactions' and coverage.known_at <= {{ knowledge_cutoff() }}
),

covered_days as (
    select distinct calendar.calendar_day
    from calendar
    inner join covered_spans
        on calendar.calendar_day between covered_spans.covered_from and covered_spans.covered_to
),

weekdays as (
    select
        calendar.month_start,
        calendar.day_of_week,
        count(*) as days_count,
        count(covered_days.calendar_day) as covered_days_count
    from calendar
    left join covered_days on calendar.calendar_day = covered_days.calendar_day
    group by calendar.month_start, calendar.day_of_week
),

keyed as (
    select
        amount,
        direction,
        gr_id,
        cast(date_trunc('month', cast(event_date as timestamp)) as date) as month_start,
        {{ day_of_week('event_date') }} as day_of_week,
        {{ or_unknown('merchant_category') }} as merchant_category
    from transactions
),

counted as (
    select
        month_start,
        day_of_week,
        merchant_category,
        count(*) as transaction_count,
        sum(amount) as total_volume,
        avg(amount) as avg_amount,
        count(distinct gr_id) as unique_customers,
        coalesce(sum(amount) filter (where direction = 'debit'), 0) as debit_volume
    from keyed
    group by month_start, day_of_week, merchant_category
),

categories as (
    select distinct merchant_category from counted
    union
    select 'Unknown' as merchant_category
    where not exists (select 1 from counted)
),

cells as (
    select
        weekdays.month_start,
        weekdays.day_of_week,
        weekdays.days_count,
        weekdays.covered_days_count,
        categories.merchant_category,
        counted.avg_amount,
        cast(extract(month from weekdays.month_start) as integer) as month,
        -- Nothing happened where the source covers the days; where it does not, nobody knows.
        coalesce(counted.transaction_count, case when weekdays.covered_days_count > 0 then 0 end)
            as transaction_count,
        coalesce(counted.total_volume, case when weekdays.covered_days_count > 0 then 0 end) as total_volume,
        coalesce(counted.unique_customers, case when weekdays.covered_days_count > 0 then 0 end)
            as unique_customers,
        coalesce(counted.debit_volume, case when weekdays.covered_days_count > 0 then 0 end) as debit_volume
    from weekdays
    cross join categories
    left join counted
        on
            weekdays.month_start = counted.month_start
            and weekdays.day_of_week = counted.day_of_week
            and categories.merchant_category = counted.merchant_category
)

select
    month,
    {{ month_name('month') }} as month_name,
    cast(extract(quarter from month_start) as integer) as quarter,
    day_of_week,
    {{ day_name('day_of_week') }} as day_name,
    merchant_category,
    transaction_count,
    total_volume,
    round(avg_amount, 2) as avg_amount,
    unique_customers,
    cast(extract(year from month_start) as integer) as year,
    {{ season('month') }} as season,
    {{ data_cutoff() }} as last_updated,
    month_start,
    month_start < {{ open_month_start() }} as is_closed_month,
    days_count,
    covered_days_count,
    debit_volume
from cells
