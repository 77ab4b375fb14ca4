-- For contacts at their company's address, that address; and the numbers that a company shares with its people.
SELECT partner.id, partner.type = 'contact' AS shares_address, partner.is_company IS NOT TRUE AS shares_numbers,
    num_nonnulls(NULLIF(parent.street, ''), NULLIF(parent.street2, ''), NULLIF(parent.zip, ''), NULLIF(parent.city, ''),
                 parent.state_id, parent.country_id) > 0 AS has_address,
    parent.street, parent.street2, parent.zip, parent.city, parent.state_id, parent.country_id,
    commercial.vat, commercial.company_registry
FROM res_partner AS partner
JOIN res_partner AS parent ON parent.id = partner.parent_id
LEFT JOIN res_partner AS commercial ON commercial.id = parent.commercial_partner_id
WHERE partner.id = ANY($1)
ORDER BY partner.id
