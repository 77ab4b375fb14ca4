SELECT NULLIF(btrim(regexp_replace(
    replace(replace(replace(replace(replace(replace(replace(replace(
        CASE WHEN partner.commercial_company_name <> '' THEN partner.commercial_company_name || E'\n' ELSE '' END
            || COALESCE(NULLIF(country.address_format, ''),
                        E'%(street)s\n%(street2)s\n%(city)s %(state_code)s %(zip)s\n%(country_name)s'),
        '%(street)s', COALESCE(partner.street, '')),
        '%(street2)s', COALESCE(partner.street2, '')),
        '%(city)s', COALESCE(partner.city, '')),
        '%(zip)s', COALESCE(partner.zip, '')),
        '%(state_code)s', COALESCE(state.code, '')),
        '%(state_name)s', COALESCE(state.name, '')),
        '%(country_code)s', COALESCE(country.code, '')),
        '%(country_name)s', COALESCE(country.name->>'en_US', '')),
    '[ \t]*\n\s*', E'\n', 'g'), E' \n'), '')
FROM res_partner AS partner
LEFT JOIN res_country AS country ON country.id = partner.country_id
LEFT JOIN res_country_state AS state ON state.id = partner.state_id
WHERE partner.id = $1
