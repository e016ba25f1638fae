-- 24 closed months, and the open one where there is one; an open month has the weekdays it has had by D.
with months as (
    select
        count(distinct month_start) filter (where is_closed_month) as closed_months_count,
        count(distinct month_start) filter (where not is_closed_month) as open_months_count,
        max(month_start) as last_month,
        min(weekdays_count) filter (where is_closed_month) as fewest_weekdays
    from (
        select
            month_start,
            is_closed_month,
            count(distinct day_of_week) as weekdays_count
        from {{ ref('analytics_seasonal_patterns') }}
        group by month_start, is_closed_month
    ) as seasonal_months
)

select *
from months
where
    closed_months_count <> 24
    or open_months_count > 1
    or fewest_weekdays <> 7
    or last_month <> date_trunc('month', cast({{ as_of_date() }} as timestamp))
