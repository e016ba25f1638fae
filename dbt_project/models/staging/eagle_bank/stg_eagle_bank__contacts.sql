with complaints as (
    select
        {{ eagle_bank_id('complaint', 'complaint_id') }} as contact_id,
        {{ eagle_bank_id('complainant', 'complaint_id') }} as party_id,
        date_received as contact_date,
        cast(null as timestamp) as local_time,
        'complaint' as contact_type,
        submitted_via as channel,
        sub_product as product_name,
        issue,
        company_response_to_consumer as outcome,
        cast(null as integer) as satisfaction_score,
        cast(null as numeric(18, 2)) as duration_seconds,
        _delivered_on as delivered_on,
        _load_id as load_id
    from {{ source('eagle_bank', 'crm_events') }}
),

-- call_id is missing for a quarter of the calls; day, telephone and start name a call, hashed because they are personal.
calls as (
    select
        {{ eagle_bank_id('call', row_hash(['call.date_received', 'call.phonefinal', 'call.ser_start'])) }} as contact_id,
        case
            when complaint.complaint_id is null then {{ eagle_bank_id('caller', dbt.hash('call.phonefinal')) }}
            else {{ eagle_bank_id('complainant', 'complaint.complaint_id') }}
        end as party_id,
        call.date_received as contact_date,
        -- The start carries a time of day on 1900-01-01.
        call.date_received + (call.ser_start - cast('1900-01-01' as timestamp)) as local_time,
        'call' as contact_type,
        'Phone' as channel,
        cast(null as {{ dbt.type_string() }}) as product_name,
        call.type as issue,
        call.outcome,
        cast(null as integer) as satisfaction_score,
        call.service_seconds as duration_seconds,
        call._delivered_on as delivered_on,
        greatest(call._load_id, complaint.load_id) as load_id
    from {{ source('eagle_bank', 'crm_calls') }} as call
    left join (
        select complaint_id, max(_load_id) as load_id
        from {{ source('eagle_bank', 'crm_events') }}
        group by complaint_id
    ) as complaint
        on call.complaint_id = complaint.complaint_id
),

reviews as (
    select
        {{ eagle_bank_id('review', row_hash(['date', 'district_id', 'product', 'stars'])) }} as contact_id,
        cast(null as {{ dbt.type_string() }}) as party_id,
        date as contact_date,
        cast(null as timestamp) as local_time,
        'review' as contact_type,
        cast(null as {{ dbt.type_string() }}) as channel,
        product as product_name,
        cast(null as {{ dbt.type_string() }}) as issue,
        cast(null as {{ dbt.type_string() }}) as outcome,
        stars as satisfaction_score,
        cast(null as numeric(18, 2)) as duration_seconds,
        _delivered_on as delivered_on,
        _load_id as load_id
    from {{ source('eagle_bank', 'crm_reviews') }}
),

united as (
    select * from complaints
    union all
    select * from calls
    union all
    select * from reviews
)

select
    contact_id,
    'eagle_bank' as source_system,
    party_id,
    contact_date,
    {{ local_to_instant("local_time") }} as contact_at,
    contact_type,
    channel,
    product_name,
    issue,
    outcome,
    satisfaction_score,
    duration_seconds,
    delivered_on,
    {{ row_hash([
        'contact_id', 'party_id', 'contact_date', 'local_time', 'contact_type', 'channel', 'product_name', 'issue',
        'outcome', 'satisfaction_score', 'duration_seconds'
    ]) }} as row_hash,
    {{ known_at_history('contact_date') }} as known_at,
    load_id
from united
