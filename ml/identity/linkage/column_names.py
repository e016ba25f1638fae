"""How columns are called, by kind: English and other languages, abbreviations.

Belongs here: patterns of names, as data.
Does not belong here: what values say (``kinds``).
"""

# Strongest first; matched against the column's name in lower case with underscores. Several languages.
NAMES: tuple[tuple[str, str], ...] = (
    ("email", r"e_?mail|courriel|correo|почта"),
    (
        "birth_date",
        r"(^|_)(dob|d_o_b|bday)($|_)|birth|born|geburt|geb_?dat|naissance|nacimiento|nascita|nascimento|рожд",
    ),
    (
        "phone",
        r"phone|(^|_)(tel|cell|fax|handy|msisdn|gsm|ph)($|_|[0-9])|mobile|telef|rufnummer|contact_n|rufnr|телефон",
    ),
    (
        "postcode",
        r"post_?(al_?)?(code|kod)|postnr|(^|_)(zip|plz|cap|cep|pin_?code|pincode)($|_|code)|zipcode|codigo_postal|"
        r"индекс",
    ),
    ("address", r"(street|house|hause?|str|building|flat|apartment|apt|unit)_?(number|num|no|nr|nbr)($|_)|hausn"),
    (
        "id_number",
        r"(^|_)(ssn|sin|nino|pan|tin|ein|cin|nif|nie|nit|cpf|cnpj|curp|rfc|dni|cuit|siren|siret|abn|nhs|nin|bsn|"
        r"vat|gst|gstin|iban|isbn|ean|upc|gtin|imei|vin|mpn|mrn|inn|snils|uid|uuid|guid|duns|lei)($|_)",
    ),
    (
        "id_number",
        r"soc_?sec|social(_|$|sec)|national_?(id|ins)|tax_?(id|n|payer)|vat_?(id|n)|ust_?id|passport|reisepass|ausweis_?n|licen[cs]e|aadha+r|"
        r"id_?(number|num|no|card)|steuer|personnummer|medicare|insurance_?n|inn$|инн|паспорт",
    ),
    (
        "given_name",
        r"given|(^|_)(first|fore|f|christian|1st)_?name|^first$|fname|forename|vorname|pr[ée]nom|primer_nombre|"
        r"^nombres?$|rufname|^nome$|имя",
    ),
    ("middle_name", r"middle|(^|_)m(id)?_?(name|init)|second_name|patronym|отчество"),
    (
        "family_name",
        r"surname|sur_name|(^|_)(last|family|l|s|2nd)_?name|^last$|(^|_)(lname|sname|family)$|nachname|"
        r"familienname|apellido|cognome|sobrenome|^nom$|nom_de_famille|maiden|фамилия",
    ),
    (
        "organisation",
        r"compan|organi[sz]ation|"
        r"(^|_)(org|firm|firma|firmen|business|trading|trade|legal|brand|vendor|manufacturer|merchant|supplier|employer|"
        r"shop|store|venue)(_?name)?$|"
        r"raz[oó]n_social|unternehmen|entreprise|empresa",
    ),
    (
        "address",
        r"addr|adress|anschrift|street|strasse|straße|(^|_)(str|rue|calle|via|rua|ulica|line_?[1-4])($|_)|direcci|indirizzo|endere|"
        r"адрес|улица",
    ),
    (
        "city",
        r"(^|_)(city|town|suburb|ort|stadt|ville|ciudad|citta|cidade|locality|municipality|gemeinde|commune|comune|village|miasto|place)($|"
        r"_)|"
        r"wohnort|город",
    ),
    (
        "region",
        r"(^|_)(state|province|region|county|country|bundesland|land|prefecture|governorate|nation|nationality)($|_)",
    ),
    ("category", r"(^|_)(sex|gender|geschlecht|sexe|sexo|пол|salutation|anrede)($|_)"),
    ("date", r"(^|_)(date|datum|fecha|data|day_of)($|_)|_(on|at)$|timestamp"),
    (
        "full_name",
        r"(^|_)(full|complete|person|client|customer|patient|holder|contact|member|applicant|author|"
        r"employee)?_?name$|"
        r"^(customer|client|patient|person|holder|applicant|member|author|nom_complet|nombre_completo|naam|фио)$|"
        r"fullname",
    ),
    ("text", r"title|description|descr|text|comment|note|bezeichnung|product|item"),
)
