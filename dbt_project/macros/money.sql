{# What counts as income and as spending, decided once for all rollups, profiles and features. #}

{# Money that comes in as a livelihood, of a business what it sold. Deposits of cash, loans and winnings do not. #}
{% macro income_activity_types() -%}
    (
        'salary', 'pension', 'benefit', 'transfer_in', 'drawings',
        'trade_receipt', 'retail_receipt', 'export_receipt'
    )
{%- endmacro %}

{# Consumption. Transfers (they may go to an own account), loan payments, cash and interest are no spending. #}
{% macro spending_activity_types() -%}
    ('card_payment', 'purchase', 'household_bill', 'utility_bill', 'insurance', 'fee', 'gambling', 'other')
{%- endmacro %}
