//! The preferences as a page, each part a form of its own.

use maud::{Markup, html};
use serde_json::{Map, Value as Json, json};

use super::super::address::record_path;
use super::super::desk::Desk;
use super::super::shown;
use super::ADDRESS;
use crate::error::Result;
use crate::rpc::page::Visit;

/// Draws all parts.
pub(super) async fn draw(visit: &Visit, desk: &Desk, said: Option<&Markup>) -> Result<Markup> {
    Ok(html! {
        div.head { h1 { (desk.t("Preferences")) } }
        @if let Some(said) = said { (said) }
        (person(visit, desk).await?)
        (password(desk))
        (applications(visit, desk).await?)
        (keys(visit, desk).await?)
        section.card aria-labelledby="everywhere" {
            h2 #everywhere { (desk.t("Sign out everywhere")) }
            p { (desk.t("Ends all your other sessions, and the access of all applications that act for you.")) }
            (form(desk, &html! { button type="submit" name="do" value="everywhere" { (desk.t("Sign out everywhere")) } }))
        }
    })
}

/// A form of this page.
fn form(desk: &Desk, content: &Markup) -> Markup {
    html! {
        form method="post" action=(ADDRESS) {
            input type="hidden" name="csrf_token" value=(desk.asked.token);
            (content)
        }
    }
}

fn pair(id: &str, label: &str, input: &Markup) -> Markup {
    html! { div.pair { label for=(id) { (label) } div.value { (input) } } }
}

async fn person(visit: &Visit, desk: &Desk) -> Result<Markup> {
    let wanted = json!([[desk.user_id], ["name", "email", "lang", "tz", "login"]]);
    let told = visit.call("res.users", "read", wanted, json!({}), &Map::new()).await?;
    let of = |name: &str| {
        told.get(0).and_then(|user| user.get(name)).and_then(Json::as_str).unwrap_or_default().to_owned()
    };
    let (lang, zone) = (of("lang"), of("tz"));
    let languages = visit.languages().await?;
    let content = html! {
        div.group {
            div.pair { span { (desk.t("Login")) } div.value.still { (of("login")) } }
            (pair("name", desk.t("Name"), &html! { input #name type="text" name="name" value=(of("name")) required autocomplete="name"; }))
            (pair("email", desk.t("Email"), &html! { input #email type="email" name="email" value=(of("email")) autocomplete="email"; }))
            (pair("lang", desk.t("Language"), &html! {
                select #lang name="lang" { @for (code, name) in &languages { option value=(code) selected[*code == lang] { (name) } } }
            }))
            (pair("tz", desk.t("Time zone"), &html! {
                select #tz name="tz" {
                    option value="" {}
                    @for known in chrono_tz::TZ_VARIANTS { @let known = known.name(); option value=(known) selected[known == zone] { (known) } }
                }
            }))
        }
        button.main type="submit" name="do" value="person" accesskey="s" { (desk.t("Save")) }
    };
    Ok(
        html! { section.card aria-labelledby="you" { h2 #you { (desk.t("About you")) } (form(desk, &content)) } },
    )
}

fn password(desk: &Desk) -> Markup {
    let t = |english: &'static str| desk.t(english);
    let input = |id: &str, kind: &str| html! { input id=(id) name=(id) type="password" required autocomplete=(kind); };
    let content = html! {
        div.group {
            (pair("old", t("Present password"), &input("old", "current-password")))
            (pair("new", t("New password"), &html! {
                (input("new", "new-password"))
                meter hidden min="0" max="4" low="2" high="3" optimum="4" data-strength="new" aria-label=(t("Strength")) {}
                span.hint { (t("At least twelve characters; several words are better than a short word with odd letters.")) }
            }))
            (pair("again", t("New password again"), &input("again", "new-password")))
        }
        button type="submit" name="do" value="password" { (t("Change the password")) }
    };
    html! { section.card aria-labelledby="password" { h2 #password { (t("Password")) } (form(desk, &content)) } }
}

async fn applications(visit: &Visit, desk: &Desk) -> Result<Markup> {
    let wanted = json!({
        "domain": [["user_id", "=", desk.user_id]],
        "specification": {"application_id": {"fields": {"display_name": {}}}, "create_date": {}, "last_used": {}, "access_token_expiry": {}, "refresh_token_expiry": {}},
    });
    let told =
        visit.call("oregional.authorization", "web_search_read", json!([]), wanted, &Map::new()).await?;
    let records = told.get("records").and_then(Json::as_array).cloned().unwrap_or_default();
    let moment = |record: &Json, name: &str| {
        let found = record.get(name).and_then(Json::as_str).and_then(shown::moment);
        found.map_or_else(|| html! { "—" }, |moment| shown::time(desk, moment))
    };
    let is_live = |record: &Json| {
        ["access_token_expiry", "refresh_token_expiry"]
            .iter()
            .any(|name| record.get(*name).is_some_and(Json::is_string))
    };
    let content = html! {
        @if records.is_empty() { p.quiet { (desk.t("No application acts for you.")) } }
        @else {
            div.scroll tabindex="0" role="region" aria-label=(desk.t("Connected applications")) { table {
                thead { tr { th scope="col" { (desk.t("Application")) } th scope="col" { (desk.t("Allowed on")) } th scope="col" { (desk.t("Last used")) } th scope="col" { (desk.t("Signed in until")) } th scope="col" { (desk.t("Take back")) } } }
                tbody {
                    @for record in &records {
                        @let id = record.get("id").and_then(Json::as_i64).unwrap_or_default();
                        @let name = record.get("application_id").and_then(shown::link).map_or("", |(_, name)| name);
                        tr {
                            td { (name) }
                            td { (moment(record, "create_date")) }
                            td { (moment(record, "last_used")) }
                            td { @if is_live(record) { (moment(record, if record.get("refresh_token_expiry").is_some_and(Json::is_string) { "refresh_token_expiry" } else { "access_token_expiry" })) } @else { (desk.t("not signed in")) } }
                            td {
                                @if is_live(record) { button type="submit" name="do" value=(format!("revoke:{id}")) aria-label=(format!("{}: {name}", desk.t("Sign out"))) { (desk.t("Sign out")) } " " }
                                button type="submit" name="do" value=(format!("forget:{id}")) aria-label=(format!("{}: {name}", desk.t("Forget"))) { (desk.t("Forget")) }
                            }
                        }
                    }
                }
            } }
            p.hint { (desk.t("“Sign out” ends the access at once; “Forget” also takes your consent back, so that the application has to ask you again.")) }
        }
    };
    Ok(
        html! { section.card aria-labelledby="connected" { h2 #connected { (desk.t("Connected applications")) } (form(desk, &content)) } },
    )
}

async fn keys(visit: &Visit, desk: &Desk) -> Result<Markup> {
    let wanted = json!({"domain": [["user_id", "=", desk.user_id]], "fields": ["name", "create_date", "expiration_date"]});
    let told = visit.call("res.users.apikeys", "search_read", json!([]), wanted, &Map::new()).await?;
    let records = told.as_array().cloned().unwrap_or_default();
    let moment = |record: &Json, name: &str| {
        let found = record.get(name).and_then(Json::as_str).and_then(shown::moment);
        found.map_or_else(|| html! { (desk.t("never")) }, |moment| shown::time(desk, moment))
    };
    let known = html! {
        @if records.is_empty() { p.quiet { (desk.t("You have no API keys.")) } }
        @else {
            div.scroll tabindex="0" role="region" aria-label=(desk.t("API keys")) { table {
                thead { tr { th scope="col" { (desk.t("What for")) } th scope="col" { (desk.t("Made on")) } th scope="col" { (desk.t("Ends on")) } th scope="col" { (desk.t("Remove")) } } }
                tbody { @for record in &records {
                    @let id = record.get("id").and_then(Json::as_i64).unwrap_or_default();
                    @let name = record.get("name").and_then(Json::as_str).unwrap_or_default();
                    tr { td { (name) } td { (moment(record, "create_date")) } td { (moment(record, "expiration_date")) } td { button type="submit" name="do" value=(format!("unkey:{id}")) aria-label=(format!("{}: {name}", desk.t("Remove"))) { (desk.t("Remove")) } } }
                } }
            } }
        }
    };
    let fresh = html! {
        div.group {
            (pair("key", desk.t("What for"), &html! { input #key type="text" name="key" required placeholder=(desk.t("e.g. the nightly import")); }))
            (pair("days", desk.t("Ends in"), &html! {
                select #days name="days" { @for days in [1, 7, 30, 90] { option value=(days) selected[days == 30] { (desk.texts.fill(if days == 1 { "{} day" } else { "{} days" }, &[&days])) } } }
            }))
        }
        button type="submit" name="do" value="key" { (desk.t("Make an API key")) }
    };
    Ok(html! {
        section.card aria-labelledby="keys" {
            h2 #keys { (desk.t("API keys")) }
            p { (desk.t("A key opens the server to a script in your name, in the place of your password.")) }
            (form(desk, &known))
            (form(desk, &fresh))
        }
    })
}

/// A key that was just made: it is shown this once.
pub(super) fn made(desk: &Desk, key: &str) -> Markup {
    html! {
        div.notice role="status" {
            p { (desk.t("This is the new key. Copy it now: nobody can show it again.")) }
            p { code #made { (key) } " " button.quiet type="button" data-copy="made" hidden { (desk.t("Copy")) } }
        }
    }
}

/// The way to one's own record, for whoever looks after users.
pub(super) fn refused(desk: &Desk, text: &str) -> Markup {
    html! {
        p.wrong role="alert" {
            (text)
            @if desk.is_system { " " a href=(record_path("res.users", desk.user_id)) { (desk.t("Your user")) } }
        }
    }
}
