{# What a row of features was computed by: a row of older definitions is computed anew. #}

{# The definitions of the features of `nodes` and of all signals, in the order of their names: words, units and signs change no
   value. #}
{% macro definitions_version(nodes) %}
    {%- set definitions = [] -%}
    {%- set signals = {} -%}
    {%- if execute -%}
        {%- for node in nodes -%}
            {%- for feature in features_of(node) -%}
                {%- do definitions.append([
                    feature.name, feature.data_type, feature.meta.signal, feature.meta.statistic,
                    feature.meta.expression | default(none), feature.meta.lookback_weeks | default(none)
                ]) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- for name, signal in catalogue_model().config.meta.signals.items() -%}
            {%- do signals.update({name: [
                signal.kind, signal.stage | default(none), signal.expression | default(none), signal.coverage | sort
            ]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(local_md5(tojson([definitions | sort(attribute=0), signals], sort_keys=true))) }}
{% endmacro %}

{# Whether the table there is says by which definitions its rows were computed; one from before is computed anew as a whole. #}
{% macro states_its_version() %}
    {{ return(execute and is_incremental()
        and 'catalogue_version' in adapter.get_columns_in_relation(this) | map(attribute='name')) }}
{% endmacro %}
