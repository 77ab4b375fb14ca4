//! The style, the script and the icon of the pages, under names that change with their content, so that
//! a browser keeps them for good.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Path;

use super::super::reply;
use crate::rpc::webclient::hash;

struct Asset {
    name: &'static str,
    kind: &'static str,
    content: &'static str,
}

static ASSETS: [Asset; 4] = [
    Asset {
        name: "pages.css",
        kind: "text/css; charset=utf-8",
        content: include_str!("../assets/pages.css"),
    },
    Asset {
        name: "records.css",
        kind: "text/css; charset=utf-8",
        content: include_str!("../assets/records.css"),
    },
    Asset {
        name: "records.js",
        kind: "text/javascript; charset=utf-8",
        content: include_str!("../assets/records.js"),
    },
    Asset { name: "icon.svg", kind: "image/svg+xml", content: include_str!("../assets/icon.svg") },
];

static ADDRESSES: LazyLock<Vec<String>> = LazyLock::new(|| {
    ASSETS
        .iter()
        .map(|asset| format!("/web/assets/{:.16}/{}", hash(asset.content.as_bytes()), asset.name))
        .collect()
});

fn address(place: usize) -> &'static str {
    ADDRESSES.get(place).map_or("", String::as_str)
}

/// The style of the pages of sign-in.
pub(in crate::http) fn plain_style() -> &'static str {
    address(0)
}

/// The style of the pages of records.
pub(in crate::http) fn style() -> &'static str {
    address(1)
}

/// Their script.
pub(in crate::http) fn script() -> &'static str {
    address(2)
}

/// The icon.
pub(in crate::http) fn icon() -> &'static str {
    address(3)
}

/// One of them. An old name leads to the new content, which is kept no longer than asked for.
pub(in crate::http) async fn asset(path: Path<(String, String)>) -> HttpResponse {
    let (_, name) = path.as_ref();
    let found = ASSETS.iter().zip(ADDRESSES.iter()).find(|(asset, _)| asset.name == name);
    let Some((asset, address)) = found else { return reply::not_found().await };
    let is_latest = *address == format!("/web/assets/{}/{}", path.0, path.1);
    let kept = if is_latest { "public, max-age=31536000, immutable" } else { "no-cache" };
    HttpResponse::Ok().insert_header((CACHE_CONTROL, kept)).content_type(asset.kind).body(asset.content)
}
