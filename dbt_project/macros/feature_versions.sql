{# What a row of features was computed by: a row of older definitions is computed anew. #}

{# The definitions of features and of the signals they need, in the order of their names: words, signs and features that are not
   asked for change no value. #}
{% macro definitions_version(features) %}
    {%- set definitions = [] -%}
    {%- set signals = {} -%}
    {%- for feature in features -%}
        {%- do definitions.append([
            feature.name, feature.data_type, feature.meta.signal, feature.meta.statistic,
            feature.meta.expression | default(none), feature.meta.lookback_weeks | default(none)
        ]) -%}
    {%- endfor -%}
    {%- if execute -%}
        {%- set needed = needs_of(features).signals -%}
        {%- for name, signal in catalogue_model().config.meta.signals.items() if name in needed -%}
            {%- do signals.update({name: [
                signal.kind, signal.stage | default(none), signal.expression | default(none), signal.coverage | sort,
                signal.unit, signal.aggregation | default(none)
            ]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(local_md5(tojson([definitions | sort(attribute=0), signals], sort_keys=true))) }}
{% endmacro %}

{# Whether the table there says by which definitions its rows were computed; one from before is computed anew as a whole. #}
{% macro states_its_version() %}
    {{ return(execute and is_incremental()
        and 'catalogue_version' in adapter.get_columns_in_relation(this) | map(attribute='name')) }}
{% endmacro %}
