-- A file that everybody may look at, or whoever has its token.
SELECT name, mimetype, COALESCE(url, ''), db_datas, COALESCE(public, false)
FROM ir_attachment
WHERE id = $1 AND (public OR (access_token <> '' AND access_token = $2))
