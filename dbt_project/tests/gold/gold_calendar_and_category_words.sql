{# Reads no table: it belongs to the unit tests, not to the day. #}
{{ config(tags=['unit']) }}
-- The words of the calendar and of the category groups, exact values; the first six groups are the notebook's.
with days as (
    select
        expected_day_of_week,
        expected_name,
        {{ day_of_week('calendar_day') }} as day_of_week
    from (
        values
        (date '2025-12-21', 0, 'Sunday'), (date '2025-12-22', 1, 'Monday'), (date '2025-12-23', 2, 'Tuesday'),
        (date '2025-12-24', 3, 'Wednesday'), (date '2025-12-25', 4, 'Thursday'), (date '2025-12-26', 5, 'Friday'),
        (date '2025-12-27', 6, 'Saturday')
    ) as expected (calendar_day, expected_day_of_week, expected_name)
),

months as (
    select month, expected_name, expected_season
    from (
        values
        (1, 'January', 'Winter'), (2, 'February', 'Winter'), (3, 'March', 'Spring'), (4, 'April', 'Spring'),
        (5, 'May', 'Spring'), (6, 'June', 'Summer'), (7, 'July', 'Summer'), (8, 'August', 'Summer'),
        (9, 'September', 'Fall'), (10, 'October', 'Fall'), (11, 'November', 'Fall'), (12, 'December', 'Winter')
    ) as expected (month, expected_name, expected_season)
),

categories as (
    select category, expected_group
    from (
        values
        ('HEALTHCARE', 'Professional Services'), ('RETAIL', 'Retail'), ('ONLINE SHOPPING', 'Retail'),
        ('RESTAURANT', 'Essential Services'), ('GROCERY', 'Essential Services'), ('ENTERTAINMENT', 'Lifestyle'),
        ('Utilities', 'Essential Services'), ('Gas Station', 'Essential Services'),
        ('Services', 'Professional Services'), ('Travel', 'Lifestyle'), ('Gambling', 'Lifestyle'),
        ('Unknown', 'Unknown'), ('FALCONRY', 'Other')
    ) as expected (category, expected_group)
)

select
    expected_name as expected,
    {{ day_name('day_of_week') }} as found
from days
where day_of_week <> expected_day_of_week or {{ day_name('day_of_week') }} <> expected_name
union all
select
    expected_name || ' ' || expected_season as expected,
    {{ month_name('month') }} || ' ' || {{ season('month') }} as found
from months
where {{ month_name('month') }} <> expected_name or {{ season('month') }} <> expected_season
union all
select
    expected_group as expected,
    {{ category_group('category') }} as found
from categories
where {{ category_group('category') }} <> expected_group
