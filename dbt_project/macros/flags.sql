{# Flags: thresholds with their reasons, and how a piece of evidence is written. #}

{#
  Thresholds (2026-11-25; values seen in a generated world of 6,000 people, seed 11, which is not the one reported).

  duplicate_share     a second payment of at least half the first one; less is a correction or a supplement
  account_households  three households on one account: two may be a carer and who is cared for
  account_days        households count together where they are paid within 92 days: a quarter's benefits
  phone_households    three households at three addresses: a number handed on to one neighbour or relative is common
  declared_share      less than half of the pay declared: pay before and after deductions differs by a third at most
  declared_months     over three months of pay, so that one bonus raises nothing
  change_days         a member who joins in the two weeks before a cycle begins
  stay_days           and leaves within sixty days: a stay of a season is none
  dormant_days        a quarter without a movement: banks say twelve months, yet many sources cover one year only
  drained_days        and emptied within a week
  drained_share       by four fifths of what was paid in
  cash_share          over 90 % drawn in cash (the share is the user's)
  cash_hours          within 48 hours (the user's)
  cash_times          three payments in a row: once is a purchase, twice chance
  ring_households     three households in one week
  ring_days           seven days
  ring_link_days      whose telephone or account is shared since thirty days at most: a shelter's or a parent's is older
  family_schemes      five schemes in a month: families have up to five by right
  family_wrong        of which the rules give at least one to nobody in the household
  unpaid_cycles       three cycles in a row: one may be late, two a returned payment and its repetition
  due_days            a cycle is due 45 days after it began: payments of the sample come within 17, repeated ones within 28
  gap_days            evidence of one kind belongs together where it is at most 100 days apart: monthly schemes and quarterly ones
#}
{% macro flag_rule(name) -%}
    {{ return({
        'duplicate_share': '0.5',
        'account_households': '3',
        'account_days': '92',
        'phone_households': '3',
        'declared_share': '0.5',
        'declared_months': '3',
        'change_days': '14',
        'stay_days': '60',
        'dormant_days': '90',
        'drained_days': '7',
        'drained_share': '0.8',
        'cash_share': '0.9',
        'cash_hours': '48',
        'cash_times': '3',
        'ring_households': '3',
        'ring_days': '7',
        'ring_link_days': '30',
        'family_schemes': '5',
        'family_wrong': '1',
        'unpaid_cycles': '3',
        'due_days': '45',
        'gap_days': '100',
    }[name]) }}
{%- endmacro %}

{# HIGH wants a person today, LOW is for the statistics. The edges are thirds of a scale that starts at 0.4 for all but a few. #}
{% macro flag_severity(score) -%}
    case when {{ score }} >= 0.8 then 'HIGH' when {{ score }} >= 0.6 then 'MEDIUM' else 'LOW' end
{%- endmacro %}

{# A day so many days later or earlier, as a date. #}
{% macro days_after(date_expression, days) -%}
    cast({{ dbt.dateadd('day', days, date_expression) }} as date)
{%- endmacro %}

{# One flat JSON object as text; parts: list of [name, expression, is_number]. NULL stays null. #}
{% macro json_text(parts) -%}
    '{' ||
    {%- for name, expression, is_number in parts %}
    '"{{ name }}": ' || coalesce({% if is_number %}cast({{ expression }} as {{ dbt.type_string() }}){% else %}'"' || cast({{ expression }} as {{ dbt.type_string() }}) || '"'{% endif %}, 'null') ||{{ " ', ' ||" if not loop.last }}
    {%- endfor %}
    '}'
{%- endmacro %}

{# Distinct values of a group as an array, sorted, without NULL; empty where there is none. #}
{% macro sorted_array(expression) -%}
    {{ return(adapter.dispatch('sorted_array')(expression)) }}
{%- endmacro %}

{% macro default__sorted_array(expression) -%}
    array_remove(array_agg(distinct {{ expression }} order by {{ expression }}), null)
{%- endmacro %}

{% macro spark__sorted_array(expression) -%}
    sort_array(collect_set({{ expression }}))
{%- endmacro %}

{% macro empty_text_array() -%}
    cast(array[] as text[])
{%- endmacro %}

{# What a rule may ask of the household; a scheme whose rules ask nothing else is the household's, and its head is paid. #}
{% macro household_attributes() -%}
    ('household_income_per_head', 'children_under_18', 'household_size')
{%- endmacro %}

{#
  Evaluate the rules of schemes for people and days, by the terms and rules of each day. CTEs to put after one named
  `questions` of party_id and asked_on; the last one, `verdicts`, has a row per party, day and scheme in force that asks this
  party: household_id, is_of_household, verdict, failed_rules, unknown_rules, amount, children_count.

  All rules of a scheme must hold. A rule is unknown where what it asks is not noted, or is nothing that we know; one
  that fails decides whatever is unknown. Of a scheme without rules everybody's verdict is unknown. Where there is no row, the
  scheme was not in force, or asks somebody else, or the person was dead or not registered: that says nothing of eligibility.
#}
{% macro scheme_verdicts() -%}
    asked as (
        select
            questions.asked_on,
            versions.*
        from questions
        inner join {{ ref('beneficiary_versions') }} as versions
            on
                questions.party_id = versions.party_id
                and questions.asked_on >= versions.valid_from
                and (versions.valid_to is null or questions.asked_on < versions.valid_to)
        where versions.death_date is null or versions.death_date >= questions.asked_on
    ),

    asked_households as (
        select distinct
            household_id,
            asked_on
        from asked
    ),

    -- Who is noted in the household on the day and lives. An income or a birthday that is missing leaves the whole unknown.
    household_facts as (
        select
            asked_households.household_id,
            asked_households.asked_on,
            count(*) as household_size,
            case
                when count(members.declared_monthly_income_amount) = count(*)
                    then avg(members.declared_monthly_income_amount)
            end as income_per_head,
            case
                when count(members.birth_date) = count(*)
                    then sum(case when {{ age_in_years('members.birth_date', 'asked_households.asked_on') }} < 18 then 1 else 0 end)
            end as children_count
        from asked_households
        inner join {{ ref('beneficiary_versions') }} as members
            on
                asked_households.household_id = members.household_id
                and asked_households.asked_on >= members.valid_from
                and (members.valid_to is null or asked_households.asked_on < members.valid_to)
        where members.death_date is null or members.death_date >= asked_households.asked_on
        group by asked_households.household_id, asked_households.asked_on
    ),

    asked_days as (
        select distinct asked_on from asked
    ),

    rules_of_day as (
        select
            asked_days.asked_on,
            rules.rule_id,
            rules.scheme_id,
            rules.attribute,
            rules.operator,
            rules.threshold
        from asked_days
        inner join {{ ref('scheme_rule_versions') }} as rules on {{ holds_on('rules', 'asked_days.asked_on') }}
    ),

    scheme_units as (
        select
            asked_on,
            scheme_id,
            max(case when attribute in {{ household_attributes() }} then 0 else 1 end) = 0 as is_of_household
        from rules_of_day
        group by asked_on, scheme_id
    ),

    terms_of_day as (
        select
            asked_days.asked_on,
            terms.scheme_id,
            terms.base_amount,
            terms.per_child_amount,
            coalesce(scheme_units.is_of_household, false) as is_of_household
        from asked_days
        inner join {{ ref('scheme_terms') }} as terms on {{ holds_on('terms', 'asked_days.asked_on') }}
        left join scheme_units
            on asked_days.asked_on = scheme_units.asked_on and terms.scheme_id = scheme_units.scheme_id
    ),

    answered as (
        select
            asked.party_id,
            asked.asked_on,
            asked.household_id,
            terms.scheme_id,
            terms.is_of_household,
            rules.rule_id,
            rules.operator,
            rules.threshold,
            household_facts.children_count,
            terms.base_amount + terms.per_child_amount * coalesce(household_facts.children_count, 0) as amount,
            case rules.attribute
                when 'age' then {{ age_in_years('asked.birth_date', 'asked.asked_on') }}
                when 'monthly_income' then asked.declared_monthly_income_amount
                when 'household_income_per_head' then household_facts.income_per_head
                when 'household_size' then household_facts.household_size
                when 'children_under_18' then household_facts.children_count
            end as number_value,
            case rules.attribute
                when 'is_disabled' then case when asked.is_disabled then 'Y' when not asked.is_disabled then 'N' end
                when 'employment_status' then asked.employment_status
                when 'relation_to_head' then asked.relation_to_head
                when 'sex' then asked.sex
            end as text_value
        from asked
        inner join household_facts
            on asked.household_id = household_facts.household_id and asked.asked_on = household_facts.asked_on
        inner join terms_of_day as terms on asked.asked_on = terms.asked_on
        left join rules_of_day as rules
            on terms.asked_on = rules.asked_on and terms.scheme_id = rules.scheme_id
        where not terms.is_of_household or asked.relation_to_head = 'head'
    ),

    compared as (
        select
            answered.*,
            case
                when text_value is not null and operator = '=' then text_value = threshold
                when text_value is not null and operator = 'in'
                    then strpos(',' || replace(threshold, ', ', ',') || ',', ',' || text_value || ',') > 0
                when number_value is null then null
                when operator = '<=' then number_value <= cast(threshold as numeric(18, 6))
                when operator = '<' then number_value < cast(threshold as numeric(18, 6))
                when operator = '>=' then number_value >= cast(threshold as numeric(18, 6))
                when operator = '>' then number_value > cast(threshold as numeric(18, 6))
                when operator = '=' then number_value = cast(threshold as numeric(18, 6))
            end as holds
        from answered
    ),

    verdicts as (
        select
            party_id,
            asked_on,
            household_id,
            scheme_id,
            is_of_household,
            case
                when min(case when holds then 1 when not holds then 0 end) = 0 then 'not_eligible'
                when count(*) > count(holds) then 'unknown'
                else 'eligible'
            end as verdict,
            {{ sorted_list('case when not holds then rule_id end') }} as failed_rules,
            {{ sorted_list('case when holds is null then rule_id end') }} as unknown_rules,
            max(amount) as amount,
            max(children_count) as children_count
        from compared
        group by party_id, asked_on, household_id, scheme_id, is_of_household
    )
{%- endmacro %}

{#
  Days without evidence after which a flag nobody decided is over (2026-11-25). Money paid or withheld wrongly can be claimed
  back for a year; what somebody does every month has stopped after a quarter without it.
#}
{% macro flag_window_days(flag_type) -%}
    case
        when {{ flag_type }} in (
            'account_shared_across_households', 'phone_shared_across_households', 'declared_vs_observed_income',
            'concentration_in_family', 'cash_out_within_48h', 'gst_fraud'
        ) then 92
        else 365
    end
{%- endmacro %}

{# Models of evidence that the portfolio's sources allow. #}
{% macro flag_evidence_models() -%}
    {%- set found = [] -%}
    {%- if '__benefit_events' in env_var('ASSAY_STAGING_MODELS', '') -%}
        {%- do found.extend([
            'flag_evidence_payments', 'flag_evidence_sharing', 'flag_evidence_income', 'flag_evidence_households',
            'flag_evidence_accounts', 'flag_evidence_unpaid',
        ]) -%}
    {%- endif -%}
    {%- if '__gst_returns' in env_var('ASSAY_STAGING_MODELS', '') -%}
        {%- do found.append('flag_evidence_gst') -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
