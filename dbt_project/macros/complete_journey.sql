{# What the source complete_journey means by its words. #}

{% macro complete_journey_income_bands() %}
    {{ return([
        ('Under 15K', 0, 15000), ('15-24K', 15000, 25000), ('25-34K', 25000, 35000), ('35-49K', 35000, 50000),
        ('50-74K', 50000, 75000), ('75-99K', 75000, 100000), ('100-124K', 100000, 125000),
        ('125-149K', 125000, 150000), ('150-174K', 150000, 175000), ('175-199K', 175000, 200000),
        ('200-249K', 200000, 250000), ('250K+', 250000, none)
    ]) }}
{% endmacro %}

{% macro complete_journey_income_from(income) -%}
    case {{ income }}
        {%- for name, from_amount, _ in complete_journey_income_bands() %}
        when '{{ name }}' then {{ from_amount }}
        {%- endfor %}
    end
{%- endmacro %}

{% macro complete_journey_income_to(income) -%}
    case {{ income }}
        {%- for name, _, to_amount in complete_journey_income_bands() if to_amount is not none %}
        when '{{ name }}' then {{ to_amount }}
        {%- endfor %}
    end
{%- endmacro %}

{# Departments of the shop in the canonical categories. General merchandise, flowers and the garden are Retail; what is no
   merchandise (coupons, postage, unnamed products) has no category. #}
{% macro complete_journey_merchant_category(department) -%}
    case
        when {{ department }} in (
            'GROCERY', 'PRODUCE', 'MEAT', 'MEAT-PCKGD', 'DELI', 'PASTRY', 'SEAFOOD', 'SEAFOOD-PCKGD', 'SPIRITS',
            'SALAD BAR', 'FROZEN GROCERY', 'NUTRITION'
        ) then 'Grocery'
        when {{ department }} = 'FUEL' then 'Gas Station'
        when {{ department }} in ('CHEF SHOPPE', 'RESTAURANT') then 'Restaurant'
        when {{ department }} = 'TRAVEL & LEISURE' then 'Travel'
        when {{ department }} in ('PHOTO & VIDEO', 'POSTAL CENTER') then 'Services'
        when {{ department }} in (
            'DRUG GM', 'COSMETICS', 'FLORAL', 'GARDEN CENTER', 'TOYS', 'AUTOMOTIVE', 'HOUSEWARES', 'GM MERCH EXP',
            'ELECT &PLUMBING', 'PROD-WHS SALES'
        ) then 'Retail'
    end
{%- endmacro %}
