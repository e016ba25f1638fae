with first_accounts as (
    select
        disposition.client_id,
        min(account.parseddate) as opened_on,
        greatest(max(disposition._load_id), max(account._load_id)) as load_id
    from {{ latest_version(source('eagle_bank', 'disposition'), ['disp_id']) }} as disposition
    inner join {{ latest_version(source('eagle_bank', 'account'), ['account_id']) }} as account
        on disposition.account_id = account.account_id
    group by disposition.client_id
),

-- A client is known from the opening of the first account, or, without an account, from the load.
clients as (
    select
        'client' as record_type,
        client.client_id as source_record_id,
        cast(null as {{ dbt.type_string() }}) as customer_ref,
        client.first as first_name,
        client.middle as middle_name,
        client.last as last_name,
        lower(client.sex) as sex,
        client.fulldate as birth_date,
        regexp_replace(client.social, '[^0-9]', '', 'g') as national_id,
        regexp_replace(client.phone, '[^0-9]', '', 'g') as phone,
        lower(client.email) as email,
        case
            when client.address_2 is null then client.address_1
            else client.address_1 || ', ' || client.address_2
        end as address_line,
        lpad(client.zipcode, 5, '0') as postcode,
        client.city,
        client.state,
        client.region,
        client.district_id,
        coalesce(first_accounts.opened_on, cast(client._loaded_at as date)) as valid_from,
        case
            when first_accounts.opened_on is null then client._loaded_at
            else {{ known_at_history('first_accounts.opened_on') }}
        end as known_at,
        greatest(client._load_id, first_accounts.load_id) as load_id
    from {{ latest_version(source('eagle_bank', 'client'), ['client_id']) }} as client
    left join first_accounts on client.client_id = first_accounts.client_id
),

complaints as (
    select * from {{ latest_version(source('eagle_bank', 'crm_events'), ['complaint_id']) }} as complaint
),

-- The record of a complaint names its client. The telephone of the call it came by does not count: it is another
-- person's in one case of eight.
complainants as (
    select
        complaint_id as source_record_id,
        {{ eagle_bank_id('client', eagle_bank_number('C', 'client_id')) }} as customer_ref,
        date_received as valid_from,
        _load_id as load_id
    from complaints
),

-- Of calls that lead to no complaint only the telephone is known. The key hides the number.
callers as (
    select
        {{ dbt.hash('call.phonefinal') }} as source_record_id,
        call.phonefinal as phone,
        min(call.date_received) as valid_from,
        max(call._load_id) as load_id
    from {{ latest_version(source('eagle_bank', 'crm_calls'), ['date_received', 'phonefinal', 'ser_start']) }} as call
    left join complaints on call.complaint_id = complaints.complaint_id
    where complaints.complaint_id is null
    group by call.phonefinal
),

united as (
    select * from clients
    union all
    select
        'complainant', source_record_id, customer_ref, null, null, null, null, cast(null as date), null, null, null,
        null, null, null, null, null, cast(null as integer), valid_from, {{ known_at_history('valid_from') }}, load_id
    from complainants
    union all
    select
        'caller', source_record_id, null, null, null, null, null, null, null, phone, null,
        null, null, null, null, null, null, valid_from, {{ known_at_history('valid_from') }}, load_id
    from callers
)

select
    'eagle_bank:' || record_type || ':' || source_record_id as party_id,
    'eagle_bank' as source_system,
    source_record_id,
    record_type,
    'person' as party_type,
    customer_ref,
    first_name,
    middle_name,
    last_name,
    sex,
    birth_date,
    cast(null as date) as death_date,
    national_id,
    phone,
    email,
    address_line,
    postcode,
    city,
    state,
    region,
    {{ eagle_bank_id('district', 'cast(district_id as ' ~ dbt.type_string() ~ ')') }} as district_id,
    cast(null as {{ dbt.type_string() }}) as segment,
    cast(null as {{ dbt.type_string() }}) as occupation,
    cast(null as {{ dbt.type_string() }}) as marital_status,
    cast(null as integer) as dependants_count,
    cast(null as numeric(18, 2)) as declared_annual_income_amount,
    cast(null as numeric(18, 2)) as declared_income_from_amount,
    cast(null as numeric(18, 2)) as declared_income_to_amount,
    cast(null as {{ dbt.type_string() }}) as stated_age_group,
    valid_from,
    cast(null as date) as valid_to,
    cast(null as date) as deleted_on,
    known_at,
    load_id
from united
