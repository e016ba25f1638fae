{# Formulas of the profile, one home each; the unit tests beside core.profile_360 hold their values. #}

{# Distinct values of a group, comma separated, sorted. #}
{% macro sorted_list(expression) -%}
    {{ dbt.listagg('distinct ' ~ expression, "','", 'order by ' ~ expression) }}
{%- endmacro %}

{# Complete months from one day to another: the month counts when its day has come. #}
{% macro complete_months(from_date, to_date) -%}
    cast(
        12 * (extract(year from {{ to_date }}) - extract(year from {{ from_date }}))
        + extract(month from {{ to_date }}) - extract(month from {{ from_date }})
        - case when extract(day from {{ to_date }}) < extract(day from {{ from_date }}) then 1 else 0 end
    as integer)
{%- endmacro %}

{# Completed years: one more on the birthday itself; who was born on 29 February turns on 1 March of common years. #}
{% macro age_in_years(birth_date, at_date) -%}
    cast(
        extract(year from {{ at_date }}) - extract(year from {{ birth_date }})
        - case
            when extract(month from {{ at_date }}) * 100 + extract(day from {{ at_date }})
                < extract(month from {{ birth_date }}) * 100 + extract(day from {{ birth_date }}) then 1
            else 0
        end
    as integer)
{%- endmacro %}

{% macro age_group(age) -%}
    case
        when {{ age }} < 18 then '<18'
        when {{ age }} < 25 then '18-24'
        when {{ age }} < 35 then '25-34'
        when {{ age }} < 45 then '35-44'
        when {{ age }} < 55 then '45-54'
        when {{ age }} < 65 then '55-64'
        when {{ age }} >= 65 then '65+'
    end
{%- endmacro %}

{% macro income_bracket(annual_income) -%}
    {%- set bounds = portfolio('income_bracket_bounds').split(',') -%}
    case
        when {{ annual_income }} < {{ bounds[0] }} then 'Low'
        when {{ annual_income }} < {{ bounds[1] }} then 'Medium'
        when {{ annual_income }} < {{ bounds[2] }} then 'High'
        when {{ annual_income }} >= {{ bounds[2] }} then 'Very High'
    end
{%- endmacro %}

{# The bracket in which a whole band lies; NULL where it reaches over an edge. The upper bound is not part of the band. #}
{% macro income_bracket_of_band(from_amount, to_amount) -%}
    {%- set bounds = portfolio('income_bracket_bounds').split(',') -%}
    case
        when {{ to_amount }} <= {{ bounds[0] }} then 'Low'
        when {{ from_amount }} >= {{ bounds[0] }} and {{ to_amount }} <= {{ bounds[1] }} then 'Medium'
        when {{ from_amount }} >= {{ bounds[1] }} and {{ to_amount }} <= {{ bounds[2] }} then 'High'
        when {{ from_amount }} >= {{ bounds[2] }} then 'Very High'
    end
{%- endmacro %}

{% macro credit_score_band(credit_score) -%}
    case
        when {{ credit_score }} < 580 then 'Poor'
        when {{ credit_score }} < 670 then 'Fair'
        when {{ credit_score }} < 740 then 'Good'
        when {{ credit_score }} < 800 then 'Very Good'
        when {{ credit_score }} >= 800 then 'Excellent'
    end
{%- endmacro %}

{# Segment where no source states one: what the person earns or owns, measured by the portfolio's own income bounds. #}
{% macro derived_segment(party_type, annual_income, assets) -%}
    {%- set bounds = portfolio('income_bracket_bounds').split(',') -%}
    case
        when {{ party_type }} = 'organisation' then 'Business'
        when {{ annual_income }} >= {{ bounds[2] }} or {{ assets }} >= {{ bounds[2] }} then 'Premium'
        when {{ annual_income }} >= {{ bounds[1] }} or {{ assets }} >= {{ bounds[1] }} then 'Affluent'
        when {{ annual_income }} is not null or {{ assets }} is not null then 'Mass Market'
    end
{%- endmacro %}

{# Weighted mean of the parts that are known, in percent. parts: list of [name, column with 0 to 1 or NULL, weight]. #}
{% macro reweighted_pct(parts) -%}
    100.0 * (
        {%- for part in parts %}
        coalesce({{ part[1] }}, 0) * {{ part[2] }}{{ " +" if not loop.last }}
        {%- endfor %}
    ) / nullif(
        {%- for part in parts %}
        case when {{ part[1] }} is null then 0 else {{ part[2] }} end{{ " +" if not loop.last }}
        {%- endfor %}
    , 0)
{%- endmacro %}

{# Names of the parts that are known, in their order, comma separated; NULL where none is. #}
{% macro known_parts(parts) -%}
    nullif(substring(
        {%- for part in parts %}
        case when {{ part[1] }} is null then '' else ',{{ part[0] }}' end{{ " ||" if not loop.last }}
        {%- endfor %}
    from 2), '')
{%- endmacro %}

{# A share brought into 0 to 1; NULL stays NULL (least and greatest would skip it in PostgreSQL, not in Spark). #}
{% macro clipped(expression) -%}
    case when {{ expression }} < 0 then 0.0 when {{ expression }} > 1 then 1.0 else {{ expression }} end
{%- endmacro %}

{# Money moved between accounts of the same owner: activity on each of them, but neither income nor business of the bank. #}
{% macro own_transfer_activity_types() -%}
    ('own_transfer_in', 'own_transfer_out')
{%- endmacro %}
