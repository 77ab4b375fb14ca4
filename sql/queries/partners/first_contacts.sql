-- The only contact of a company without an address: what was typed in for it is the company's address.
SELECT parent.id, child.street, child.street2, child.zip, child.city, child.state_id, child.country_id
FROM res_partner AS child
JOIN res_partner AS parent ON parent.id = child.parent_id AND (parent.is_company OR parent.parent_id IS NULL)
WHERE child.id = ANY($1) AND child.type = 'contact'
    AND num_nonnulls(NULLIF(child.street, ''), NULLIF(child.street2, ''), NULLIF(child.zip, ''), NULLIF(child.city, ''),
                     child.state_id, child.country_id) > 0
    AND num_nonnulls(NULLIF(parent.street, ''), NULLIF(parent.street2, ''), NULLIF(parent.zip, ''),
                     NULLIF(parent.city, ''), parent.state_id, parent.country_id) = 0
    AND NOT EXISTS (SELECT 1 FROM res_partner AS other WHERE other.parent_id = parent.id AND other.id <> child.id)
ORDER BY parent.id
