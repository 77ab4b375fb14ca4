//! Pictures and files over `/web/image` and `/web/content`, and the attachments behind them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::StatusCode;
use reqwest::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    IF_NONE_MATCH, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use serde_json::{Value as Json, json};

use crate::support::app::TestApp;
use crate::support::client::{Anonymous, User};

const ATTACHMENT: &str = "ir.attachment";

/// What came back.
struct Got {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Got {
    fn header(&self, name: HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The pixels of a picture.
    fn size(&self) -> (u32, u32) {
        let picture = image::load_from_memory(&self.bytes).unwrap();
        (picture.width(), picture.height())
    }
}

async fn get_with(browser: &Anonymous, path: &str, tag: &str) -> Got {
    let mut request = browser.http.get(format!("{}{path}", browser.url));
    if !tag.is_empty() {
        request = request.header(IF_NONE_MATCH, tag);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    Got { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
}

async fn get(browser: &Anonymous, path: &str) -> Got {
    get_with(browser, path, "").await
}

/// A picture of some pixels, as base64.
fn picture(width: u32, height: u32) -> String {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(width, height).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    STANDARD.encode(bytes.into_inner())
}

async fn attach(user: &User, name: &str, content: &[u8], more: Json) -> i64 {
    let mut values = json!({"name": name, "datas": STANDARD.encode(content)});
    values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user.create(ATTACHMENT, values).await
}

#[tokio::test]
async fn a_picture_comes_in_the_size_that_is_asked_for_and_is_not_sent_twice() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let id = admin.create("res.partner", json!({"name": "Ann", "image_1920": picture(2000, 1000)})).await;
    for (path, size) in [
        ("image_1920", (1920, 960)),
        ("image_1024", (1024, 512)),
        ("image_128", (128, 64)),
        ("avatar_256", (256, 128)),
        ("image_1920/64x64", (64, 32)),
        ("image_1920/64x64/ann.png", (64, 32)),
        ("image_1920/0x30", (60, 30)),
        ("image_128?width=32&height=32", (32, 16)),
    ] {
        let got = get(&admin.browser, &format!("/web/image/res.partner/{id}/{path}")).await;
        assert_eq!((got.status, got.size()), (StatusCode::OK, size), "{path}");
        assert_eq!(got.header(CONTENT_TYPE), "image/png", "{path}");
        assert_eq!(got.header(X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
        assert!(got.header(CONTENT_SECURITY_POLICY).contains("sandbox"), "{path}");
    }

    let path = format!("/web/image?model=res.partner&id={id}&field=image_128");
    let first = get(&admin.browser, &path).await;
    assert_eq!(first.header(CACHE_CONTROL), "private, no-cache");
    let tag = first.header(ETAG).to_owned();
    for tag in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let again = get_with(&admin.browser, &path, &tag).await;
        assert_eq!((again.status, again.bytes.len()), (StatusCode::NOT_MODIFIED, 0), "{tag}");
    }
    assert_eq!(get_with(&admin.browser, &path, "\"other\"").await.status, StatusCode::OK);
    let unique = get(&admin.browser, &format!("{path}&unique=5f2a")).await;
    assert!(unique.header(CACHE_CONTROL).contains("immutable"));
    let changed = json!([[id], {"image_1920": picture(10, 10)}]);
    admin.result("res.partner", "write", changed).await;
    assert_eq!(get_with(&admin.browser, &path, &tag).await.status, StatusCode::OK, "an old picture is shown");
}

#[tokio::test]
async fn who_has_no_picture_has_a_letter_that_no_name_can_turn_into_markup() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for path in
        ["/web/image?model=res.users&field=avatar_128&id=2", "/web/image/res.partner/3/avatar_128?unique=17"]
    {
        let got = get(&admin.browser, path).await;
        assert_eq!((got.status, got.header(CONTENT_TYPE)), (StatusCode::OK, "image/svg+xml"), "{path}");
        assert!(got.header(CONTENT_SECURITY_POLICY).contains("sandbox"), "{path}");
        assert!(String::from_utf8(got.bytes).unwrap().contains("&#65;"), "an A stands for Administrator");
    }
    for (name, letter) in [
        ("<script>alert(1)</script>", "&#60;"),
        ("émile", "&#201;"),
        ("\u{1}x", "&#63;"),
        ("日本", "&#26085;"),
    ] {
        let id = admin.create("res.partner", json!({"name": name})).await;
        let got = get(&admin.browser, &format!("/web/image/res.partner/{id}/avatar_512")).await;
        let text = String::from_utf8(got.bytes).unwrap();
        assert!(text.contains(&format!(">{letter}<")) && !text.contains("script"), "{name}: {text}");
        assert_eq!(
            admin.result("res.partner", "read", json!([[id], ["image_128"]])).await[0]["image_128"],
            false
        );
        let told = admin.result("res.partner", "read", json!([[id], ["avatar_128"]])).await;
        assert!(STANDARD.decode(told[0]["avatar_128"].as_str().unwrap()).unwrap().starts_with(b"<svg"));
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_to_be_seen_is_a_placeholder_or_not_found() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let reader = admin.make_user("reader", &["base.group_user"]).await;
    let id = admin.create("oregional.application", json!({"name": "A", "logo": picture(9, 9)})).await;
    let shown = get(&reader.browser, &format!("/web/image/oregional.application/{id}/logo")).await;
    assert_eq!(shown.size(), (9, 9));

    let scheme = admin.create("oregional.model.configuration", json!({"name": "c", "model_id": 1})).await;
    for (browser, path) in [
        (&app.anonymous(), format!("oregional.application/{id}/logo")),
        (&reader.browser, format!("oregional.model.configuration/{scheme}/icon")),
        (&reader.browser, "oregional.application/999999999/logo".to_owned()),
        (&reader.browser, format!("oregional.application/{id}/name")),
        (&reader.browser, format!("oregional.application/{id}/client_secret")),
        (&reader.browser, format!("oregional.application/{id}/nothing")),
        (&reader.browser, "no.model/1/logo".to_owned()),
        (&reader.browser, "oregional.application/-1/logo".to_owned()),
        (&reader.browser, "../../etc/passwd".to_owned()),
        (&reader.browser, "%2e%2e/%2e%2e/etc/passwd".to_owned()),
        (&reader.browser, "no.such_name".to_owned()),
    ] {
        let got = get(browser, &format!("/web/content/{path}")).await;
        assert_eq!(got.status, StatusCode::NOT_FOUND, "{path}");
        let got = get(browser, &format!("/web/image/{path}")).await;
        let is_placeholder = got.status == StatusCode::OK && got.size() == (128, 128);
        assert!(is_placeholder || got.status == StatusCode::NOT_FOUND, "{path}: {}", got.status);
        let saved = get(browser, &format!("/web/image/{path}?download=1")).await;
        assert_eq!(saved.status, StatusCode::NOT_FOUND, "{path}");
    }
    let nobody = get(&app.anonymous(), &format!("/web/image/oregional.application/{id}/logo")).await;
    assert_eq!((nobody.status, nobody.size()), (StatusCode::OK, (128, 128)));
}

#[tokio::test]
async fn a_file_is_shown_only_when_it_cannot_do_anything() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let svg: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    for (name, content, mimetype, is_shown) in [
        ("page.html", &b"<!DOCTYPE html><script>alert(1)</script>"[..], "text/html; charset=utf-8", false),
        ("logo.svg", svg, "image/svg+xml", false),
        ("logo.png", svg, "image/svg+xml", false),
        ("feed.xml", b"<?xml version='1.0'?><a/>", "text/xml; charset=utf-8", false),
        ("run.js", b"alert(1)", "text/javascript; charset=utf-8", false),
        ("notes.txt", b"words", "text/plain; charset=utf-8", true),
        ("paper.pdf", b"%PDF-1.7 ...", "application/pdf", true),
        ("data", b"\0\x01\x02", "application/octet-stream", false),
    ] {
        let id = attach(&admin, name, content, json!({})).await;
        let got = get(&admin.browser, &format!("/web/content/{id}")).await;
        assert_eq!((got.status, &got.bytes[..]), (StatusCode::OK, content), "{name}");
        assert_eq!(got.header(CONTENT_TYPE), mimetype, "{name}");
        let way = if is_shown { "inline" } else { "attachment" };
        assert!(
            got.header(CONTENT_DISPOSITION).starts_with(way),
            "{name}: {}",
            got.header(CONTENT_DISPOSITION)
        );
        assert!(got.header(CONTENT_SECURITY_POLICY).contains("sandbox"), "{name}");
        assert_eq!(got.header(X_CONTENT_TYPE_OPTIONS), "nosniff", "{name}");
        let saved = get(&admin.browser, &format!("/web/content/{id}?download=1")).await;
        assert!(saved.header(CONTENT_DISPOSITION).starts_with("attachment"), "{name}");
    }
    // A type that somebody claims shows nothing more.
    let claimed =
        attach(&admin, "a.png", b"<script>alert(1)</script>", json!({"mimetype": "text/html"})).await;
    let got = get(&admin.browser, &format!("/web/content/{claimed}")).await;
    assert!(got.header(CONTENT_DISPOSITION).starts_with("attachment"));
}

#[tokio::test]
async fn the_name_of_a_file_leads_to_no_other_folder() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for (name, saved) in [
        ("../../etc/passwd", "passwd.txt"),
        ("..\\evil.exe", "evil.exe"),
        ("r\u{e9}sum\u{e9}.txt", "r%C3%A9sum%C3%A9.txt"),
        ("a\r\nSet-Cookie: x.txt", "aSet%2DCookie%3A%20x.txt"),
    ] {
        let id = attach(&admin, name, b"words", json!({"mimetype": "text/plain"})).await;
        let got = get(&admin.browser, &format!("/web/content/{id}")).await;
        let disposition = got.header(CONTENT_DISPOSITION).to_owned();
        assert!(disposition.ends_with(&format!("''{saved}")), "{name}: {disposition}");
        assert_eq!(got.headers.get("set-cookie"), None);
    }
    let id = attach(&admin, "a.txt", b"words", json!({})).await;
    let got = get(&admin.browser, &format!("/web/content/{id}/other.txt")).await;
    assert!(got.header(CONTENT_DISPOSITION).ends_with("''other.txt"));
    let got = get(
        &admin.browser,
        &format!("/web/content?id={id}&filename=third.txt&model=ir.attachment&field=datas"),
    )
    .await;
    assert!(got.header(CONTENT_DISPOSITION).ends_with("''third.txt"));
}

#[tokio::test]
async fn an_attachment_knows_what_it_is() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let fields = json!(["name", "mimetype", "checksum", "file_size", "datas", "type", "local_url", "res_id"]);
    let id = attach(&admin, "hello.txt", b"hello", json!({"checksum": "mine", "file_size": 7})).await;
    let read = admin.result(ATTACHMENT, "read", json!([[id], fields])).await;
    let checksum = "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d";
    assert_eq!(
        read[0],
        json!({"id": id, "name": "hello.txt", "mimetype": "text/plain", "checksum": checksum, "file_size": 5,
            "datas": "aGVsbG8=", "type": "binary", "local_url": format!("/web/content/{id}?unique={checksum}"), "res_id": 0})
    );
    admin.result(ATTACHMENT, "write", json!([[id], {"raw": "hello world"}])).await;
    let read = admin.result(ATTACHMENT, "read", json!([[id], ["datas", "file_size"]])).await;
    assert_eq!(read[0], json!({"id": id, "datas": "aGVsbG8gd29ybGQ=", "file_size": 11}));
    let sized = json!({"context": {"bin_size": true}});
    let read = admin.call_kw(ATTACHMENT, "read", json!([[id], ["datas"]]), sized).await.result();
    assert_eq!(read[0]["datas"], "11.00 bytes");
    let twin = admin.result(ATTACHMENT, "copy", json!([[id]])).await[0].as_i64().unwrap();
    let read = admin.result(ATTACHMENT, "read", json!([[twin], ["datas"]])).await;
    assert_eq!(read[0]["datas"], "aGVsbG8gd29ybGQ=");
    let wrong =
        admin.call_kw(ATTACHMENT, "create", json!([{"name": "x", "datas": "YWJjY"}]), json!({})).await;
    assert_eq!(wrong.error().1, "builtins.ValueError");

    let url = json!({"name": "elsewhere", "type": "url", "url": "https://files.example/a.png"});
    let id = admin.create(ATTACHMENT, url).await;
    let got = get(&admin.browser, &format!("/web/content/{id}")).await;
    assert_eq!((got.status, got.header(LOCATION)), (StatusCode::FOUND, "https://files.example/a.png"));
    let id =
        admin.create(ATTACHMENT, json!({"name": "x", "type": "url", "url": "javascript:alert(1)"})).await;
    assert_eq!(get(&admin.browser, &format!("/web/content/{id}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_file_is_as_visible_and_as_changeable_as_the_record_that_it_belongs_to() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let bob = admin.make_user("bob", &["base.group_user"]).await;
    let application = admin.create("oregional.application", json!({"name": "A"})).await;
    let secret = admin.create("oregional.model.configuration", json!({"name": "c", "model_id": 1})).await;
    let of = |model: &str, id: i64| json!({"res_model": model, "res_id": id});
    let on_application = attach(&admin, "a.txt", b"a", of("oregional.application", application)).await;
    let on_secret = attach(&admin, "b.txt", b"b", of("oregional.model.configuration", secret)).await;
    let anns = attach(&ann, "c.txt", b"c", json!({})).await;

    let sees = async |user: &User, id: i64| {
        let found = user.result(ATTACHMENT, "search", json!([[["id", "=", id]]])).await == json!([id]);
        let read = user.call_kw(ATTACHMENT, "read", json!([[id], ["datas"]]), json!({})).await.json();
        let served = get(&user.browser, &format!("/web/content/{id}")).await.status;
        assert_eq!(found, read.get("result").is_some(), "a search and a read part: {read}");
        assert_eq!(found, served == StatusCode::OK, "a search and the address part");
        found
    };
    assert!(sees(&ann, on_application).await && sees(&bob, on_application).await);
    assert!(sees(&admin, on_secret).await && !sees(&ann, on_secret).await);
    assert!(sees(&ann, anns).await && !sees(&bob, anns).await && sees(&admin, anns).await);

    let may_write = async |user: &User, id: i64, values: Json| {
        user.call_kw(ATTACHMENT, "write", json!([[id], values]), json!({}))
            .await
            .json()
            .get("result")
            .is_some()
    };
    assert!(
        !may_write(&ann, on_application, json!({"name": "z"})).await,
        "who may only look has changed a file"
    );
    assert!(may_write(&ann, anns, json!({"name": "z"})).await);
    assert!(!may_write(&bob, anns, json!({"name": "z"})).await);
    let moved = may_write(&ann, anns, of("oregional.application", application)).await;
    assert!(!moved, "a file was moved to a record that its owner may only look at");
    assert!(may_write(&admin, on_application, json!({"name": "z"})).await);
    for values in [of("oregional.application", application), of("no.model", 1)] {
        let mut values = values;
        values["name"] = "mine".into();
        let made = ann.call_kw(ATTACHMENT, "create", json!([values]), json!({})).await;
        assert_eq!(made.error().1, "odoo.exceptions.AccessError");
    }
    let gone = bob.call_kw(ATTACHMENT, "unlink", json!([[anns]]), json!({})).await;
    assert_eq!(gone.error().1, "odoo.exceptions.AccessError");

    // It goes with its record.
    admin.result("oregional.application", "unlink", json!([[application]])).await;
    assert_eq!(admin.result(ATTACHMENT, "search_count", json!([[["id", "=", on_application]]])).await, 0);
}

#[tokio::test]
async fn everybody_sees_what_is_public_and_whoever_has_the_token_what_it_opens() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let public = attach(&admin, "p.txt", b"public", json!({"public": true})).await;
    let private = attach(&admin, "s.txt", b"private", json!({"access_token": "open-sesame"})).await;
    let anonymous = app.anonymous();
    let got = get(&anonymous, &format!("/web/content/{public}")).await;
    assert_eq!((got.status, &got.bytes[..]), (StatusCode::OK, &b"public"[..]));
    assert!(got.header(CACHE_CONTROL).starts_with("public"));
    let status = async |path: String| get(&anonymous, &path).await.status;
    assert_eq!(status(format!("/web/content/{private}")).await, StatusCode::NOT_FOUND);
    assert_eq!(status(format!("/web/content/{private}?access_token=wrong")).await, StatusCode::NOT_FOUND);
    assert_eq!(status(format!("/web/content/{private}?access_token=")).await, StatusCode::NOT_FOUND);
    let reader = admin.make_user("reader", &["base.group_user"]).await;
    for browser in [&anonymous, &reader.browser] {
        for unique in ["", "&unique=1"] {
            let path = format!("/web/content/{private}?access_token=open-sesame{unique}");
            let got = get(browser, &path).await;
            assert_eq!(got.status, StatusCode::OK);
            assert!(got.header(CACHE_CONTROL).starts_with("private"), "a cache keeps it for nobody else");
        }
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_now_is_not_told_as_one_that_is_not_there() {
    let app = TestApp::with(|settings| settings.statement_timeout = 1);
    let admin = app.admin().await;
    let id = admin.create("oregional.application", json!({"name": "A", "logo": picture(9, 9)})).await;
    let path = format!("/web/image/oregional.application/{id}/logo");
    assert_eq!(get(&admin.browser, &path).await.size(), (9, 9));
    let (holder, connection) = app.database.config().connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    holder.batch_execute("BEGIN; LOCK TABLE oregional_application").await.unwrap();

    for path in [path.clone(), path.replace("image", "content")] {
        let got = get(&admin.browser, &path).await;
        assert_eq!(got.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
    }
    holder.batch_execute("COMMIT").await.unwrap();
    assert_eq!(get(&admin.browser, &path).await.size(), (9, 9));
}
