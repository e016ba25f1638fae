-- Alerts of the GST rules, on the golden record of the business; an alert that was dismissed there is none here.
with businesses as (
    {{ businesses_at_day() }}
),

alerts as (
    select
        party_xref.gr_id,
        fraud_alerts.*
    from {{ ref('fraud_alerts') }} as fraud_alerts
    inner join businesses on fraud_alerts.business_id = businesses.business_id
    inner join {{ ref('party_xref_current') }} as party_xref on businesses.party_id = party_xref.party_id
    where fraud_alerts.alert_status <> 'DISMISSED'
)

-- An alert is one piece: whether a period more is new evidence is decided of the alert.
select
    gr_id,
    'gst_fraud' as flag_type,
    {{ days_after(dbt.dateadd('month', 1, 'first_period'), -1) }} as evidence_on,
    -- An alert that is active goes on, though returns come in a month and more after their period.
    case
        when alert_status = 'ACTIVE' then {{ as_of_date() }}
        else {{ days_after(dbt.dateadd('month', 1, 'last_period'), -1) }}
    end as held_until,
    alert_id as evidence_key,
    least(0.5 + 0.05 * periods_count, 1.0) as score,
    'GST returns and bank disagree: ' || evidence_kind || ', ' || cast(periods_count as {{ dbt.type_string() }})
    || ' periods until ' || cast(last_period as {{ dbt.type_string() }}) as evidence,
    {{ json_text([
        ['alert_id', 'alert_id', false],
        ['evidence_kind', 'evidence_kind', false],
        ['first_period', 'first_period', false],
        ['last_period', 'last_period', false],
        ['exposed_amount', 'exposed_amount', true],
    ]) }} as facts,
    alert_status = 'CONFIRMED' as is_confirmed_at_source
from alerts
