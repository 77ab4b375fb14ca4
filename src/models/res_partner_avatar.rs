//! What stands in the place of a contact's picture: its own, or one with the first letter of its name.

use crate::db::Sql;
use crate::db::sql::column;
use crate::orm::field::Scope;

/// The letter on a ground whose colour follows from the name.
fn letter(alias: &str) -> Sql {
    let name = Sql::text("COALESCE(").then(column(alias, "name")).and_text(", '')");
    Sql::with_pieces(include_str!("../../sql/queries/partners/avatar.sql"), &[name])
}

fn avatar(scope: Scope<'_>, picture: &str) -> Sql {
    Sql::text("COALESCE(")
        .then(column(scope.alias, picture))
        .and_text(", ")
        .then(letter(scope.alias))
        .and_text(")")
}

pub(super) fn avatar_1920(scope: Scope<'_>) -> Sql {
    avatar(scope, "image_1920")
}

pub(super) fn avatar_1024(scope: Scope<'_>) -> Sql {
    avatar(scope, "image_1024")
}

pub(super) fn avatar_512(scope: Scope<'_>) -> Sql {
    avatar(scope, "image_512")
}

pub(super) fn avatar_256(scope: Scope<'_>) -> Sql {
    avatar(scope, "image_256")
}

pub(super) fn avatar_128(scope: Scope<'_>) -> Sql {
    avatar(scope, "image_128")
}
