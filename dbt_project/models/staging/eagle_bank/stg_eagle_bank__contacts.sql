with complaint_states as (
    select
        complaint_id,
        min(date_received) as first_day,
        max(date_received) as last_day,
        min(case when submitted_via = 'Phone' then 1 else 0 end) as is_by_phone,
        max(_load_id) as load_id
    from {{ source('eagle_bank', 'crm_events') }}
    group by complaint_id
),

-- A call that some version gives no complaint, or another one, names none for sure.
call_states as (
    select
        date_received,
        phonefinal,
        ser_start,
        case
            when min(complaint_id) = max(complaint_id) and count(complaint_id) = count(*) then min(complaint_id)
        end as complaint_id,
        max(_load_id) as load_id
    from {{ source('eagle_bank', 'crm_calls') }}
    group by date_received, phonefinal, ser_start
),

call_references as (
    select
        call.complaint_id,
        call.date_received,
        count(distinct {{ row_hash(['call.phonefinal', 'call.ser_start']) }}) as call_count,
        max(call_states.load_id) as load_id
    from {{ source('eagle_bank', 'crm_calls') }} as call
    inner join call_states
        on
            call.date_received = call_states.date_received
            and call.phonefinal = call_states.phonefinal
            and call.ser_start = call_states.ser_start
    where call.complaint_id is not null
    group by call.complaint_id, call.date_received
),

reference_loads as (
    select
        complaint_id,
        max(load_id) as load_id
    from call_references
    group by complaint_id
),

-- The calls that complaints were made by: no contacts of their own. All versions must agree, so that a call once
-- counted apart stays apart: core is incremental and would keep the row of a call that vanishes here. Only calls of
-- the complaint's day are looked at: one that comes later must not change what was known before it.
complaint_calls as (
    select
        call_states.complaint_id,
        call_states.date_received,
        call_states.phonefinal,
        call_states.ser_start
    from call_states
    inner join complaint_states
        on
            call_states.complaint_id = complaint_states.complaint_id
            and call_states.date_received = complaint_states.first_day
            and call_states.date_received = complaint_states.last_day
    inner join call_references
        on
            call_states.complaint_id = call_references.complaint_id
            and call_states.date_received = call_references.date_received
    where complaint_states.is_by_phone = 1 and call_references.call_count = 1
),

complaints as (
    select
        {{ eagle_bank_id('complaint', 'complaint.complaint_id') }} as contact_id,
        {{ eagle_bank_id('complainant', 'complaint.complaint_id') }} as party_id,
        complaint.date_received as contact_date,
        -- The start carries a time of day on 1900-01-01.
        call.date_received + (call.ser_start - cast('1900-01-01' as timestamp)) as local_time,
        'complaint' as contact_type,
        -- Phone wherever there is a call.
        complaint.submitted_via as channel,
        complaint.sub_product as product_name,
        complaint.issue,
        complaint.company_response_to_consumer as outcome,
        cast(null as integer) as satisfaction_score,
        call.service_seconds as duration_seconds,
        complaint._delivered_on as delivered_on,
        complaint._delivered_days as delivered_days,
        greatest(complaint._load_id, reference_loads.load_id) as load_id
    from {{ source('eagle_bank', 'crm_events') }} as complaint
    left join complaint_calls on complaint.complaint_id = complaint_calls.complaint_id
    left join {{ latest_version(source('eagle_bank', 'crm_calls'), ['date_received', 'phonefinal', 'ser_start']) }} as call
        on
            complaint_calls.date_received = call.date_received
            and complaint_calls.phonefinal = call.phonefinal
            and complaint_calls.ser_start = call.ser_start
    left join reference_loads on complaint.complaint_id = reference_loads.complaint_id
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
        call.date_received + (call.ser_start - cast('1900-01-01' as timestamp)) as local_time,
        'call' as contact_type,
        'Phone' as channel,
        cast(null as {{ dbt.type_string() }}) as product_name,
        call.type as issue,
        call.outcome,
        cast(null as integer) as satisfaction_score,
        call.service_seconds as duration_seconds,
        call._delivered_on as delivered_on,
        call._delivered_days as delivered_days,
        greatest(call._load_id, complaint.load_id, reference_loads.load_id) as load_id
    from {{ source('eagle_bank', 'crm_calls') }} as call
    inner join call_states
        on
            call.date_received = call_states.date_received
            and call.phonefinal = call_states.phonefinal
            and call.ser_start = call_states.ser_start
    left join complaint_calls
        on
            call.date_received = complaint_calls.date_received
            and call.phonefinal = complaint_calls.phonefinal
            and call.ser_start = complaint_calls.ser_start
    left join complaint_states as complaint on call.complaint_id = complaint.complaint_id
    left join reference_loads on call.complaint_id = reference_loads.complaint_id
    where
        complaint_calls.complaint_id is null
        -- A call whose complaint is still to be delivered waits for it: nobody can say yet whether it is one contact.
        and (call_states.complaint_id is null or complaint.complaint_id is not null)
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
        _delivered_days as delivered_days,
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
    delivered_days,
    {{ row_hash([
        'contact_id', 'party_id', 'contact_date', 'local_time', 'contact_type', 'channel', 'product_name', 'issue',
        'outcome', 'satisfaction_score', 'duration_seconds'
    ]) }} as row_hash,
    {{ known_at_history('contact_date') }} as known_at,
    load_id
from united
