{# How this bank writes keys and dates; used by its staging models only. #}

{# A00000001, C..., L... of the files as a key of the canonical layer. #}
{% macro eagle_bank_id(kind, expression) -%}
    'eagle_bank:{{ kind }}:' || {{ expression }}
{%- endmacro %}

{# A bare number as the other files write it: 1925 is C00001925. #}
{% macro eagle_bank_number(letter, expression) -%}
    '{{ letter }}' || lpad(cast({{ expression }} as {{ dbt.type_string() }}), 8, '0')
{%- endmacro %}

{# The transaction files kept the 1990s; all other files are 20 years later. 1992 and 1996 are leap years as 2012 and 2016 are. #}
{% macro eagle_bank_date(expression) -%}
    cast({{ dbt.dateadd('year', 20, expression) }} as date)
{%- endmacro %}
