//! The services `common`, `db` and `object`, which JSON-RPC and XML-RPC share: a service and a method
//! by name, positional arguments.

use serde_json::{Value as Json, json};

use super::attempt::{self, is_refused};
use super::call_kw::{self, Request};
use super::credentials;
use super::{App, SERVER_VERSION, session};
use crate::db::Sql;
use crate::error::{Error, Result};
use crate::orm::method::Reply;
use crate::orm::python;
use crate::orm::registry::text;

/// What `about` answers: clients compare it, letter by letter.
const ABOUT: &str = "See http://openerp.com";

/// Calls a method of a service, and notes who was not let in.
///
/// # Errors
///
/// [`Error::Key`] for an unknown service, [`Error::Limited`] for who failed too often, and what the method
/// fails with.
pub async fn dispatch(app: &App, service: &str, method: &str, args: Vec<Json>) -> Result<Reply> {
    // The login: the second argument of all that asks for a password, but for calls of models, which have
    // the user's id there.
    let who = match args.get(1) {
        Some(named @ (Json::String(_) | Json::Number(_))) => python::text(named),
        _ => String::new(),
    };
    match service {
        "common" => {
            // A wrong password is no error of a login: it is `false`.
            let refuses = |answer: &Result<Reply>| match answer {
                Ok(Reply::Json(json)) => json == b"false",
                other => is_refused(other),
            };
            attempt::guarded(app, &who, async || common(app, method, args).await, refuses).await
        }
        "db" => attempt::guarded(app, &who, async || db(app, method, &args).await, is_refused).await,
        "object" => object(app, method, args).await,
        unknown => Err(Error::Key(unknown.to_owned())),
    }
}

/// Takes so many arguments as a method of a service has.
fn exactly<const N: usize>(method: &str, args: Vec<Json>) -> Result<[Json; N]> {
    args.try_into().map_err(|args: Vec<Json>| {
        Error::Type(format!("{method}() takes {N} arguments, and {} were given.", args.len()))
    })
}

fn check_database(app: &App, name: &Json) -> Result<()> {
    if name.as_str() == Some(&app.shared.settings.db_name) {
        return Ok(());
    }
    Err(Error::NoDatabase(format!("The database {} does not exist.", python::repr(name))))
}

/// What anybody may call.
async fn common(app: &App, method: &str, args: Vec<Json>) -> Result<Reply> {
    Ok(Reply::value(&match method {
        "version" => session::version_info(),
        "about" => {
            let about = Json::from(ABOUT);
            if args.first().is_some_and(python::truth) { json!([about, SERVER_VERSION]) } else { about }
        }
        "login" => {
            let [db, login, secret] = exactly(method, args)?;
            sign_in(app, &db, &login, &secret).await?
        }
        // What the client tells about itself is of no use to anybody.
        "authenticate" => {
            let [db, login, secret, _client] = exactly(method, args)?;
            sign_in(app, &db, &login, &secret).await?
        }
        unknown => return Err(Error::Exception(format!("Method not found: {unknown}"))),
    }))
}

/// The id of the user, or `false`: a wrong password is no error here.
async fn sign_in(app: &App, db: &Json, login: &Json, secret: &Json) -> Result<Json> {
    check_database(app, db)?;
    if !python::truth(secret) {
        return Err(Error::Assertion("A password or an API key is required.".to_owned()));
    }
    let (Some(login), Some(secret)) = (login.as_str(), secret.as_str()) else { return Ok(Json::Bool(false)) };
    Ok(credentials::login(app, login, secret).await?.map_or(Json::Bool(false), Json::from))
}

/// The one database. Whoever makes and drops databases has other tools: there is no master password.
async fn db(app: &App, method: &str, args: &[Json]) -> Result<Reply> {
    let name = app.shared.settings.db_name.as_str();
    Ok(Reply::value(&match method {
        "list" => json!([name]),
        "server_version" => SERVER_VERSION.into(),
        "db_exist" => match args {
            [asked] => Json::Bool(asked.as_str() == Some(name)),
            _ => return Err(Error::Type("db_exist() takes the name of a database.".to_owned())),
        },
        "list_lang" => languages(app).await?,
        "create_database"
        | "duplicate_database"
        | "drop"
        | "dump"
        | "restore"
        | "rename"
        | "change_admin_password"
        | "migrate_databases" => {
            return Err(Error::AccessDenied("This server has no master password.".to_owned()));
        }
        unknown => return Err(Error::Key(format!("Method not found: {unknown}"))),
    }))
}

async fn languages(app: &App) -> Result<Json> {
    let statement = Sql::text("SELECT code, name FROM res_lang ORDER BY name");
    let rows = app.pool.get().await?.query(statement).await?;
    Ok(rows.iter().map(|row| json!([text(row, 0), text(row, 1)])).collect())
}

/// Methods of models, each call with the user's id and password or API key.
async fn object(app: &App, method: &str, args: Vec<Json>) -> Result<Reply> {
    let mut args = args.into_iter();
    let (Some(db), Some(user), Some(secret)) = (args.next(), args.next(), args.next()) else {
        return Err(Error::Index("A call needs the database, the user's id and the password.".to_owned()));
    };
    let mut rest = args.collect::<Vec<_>>();
    check_database(app, &db)?;
    let user = user_id(&user)?;
    let request = match method {
        "execute" if rest.len() >= 2 => {
            let args = rest.split_off(2);
            let [model, method] = exactly("execute", rest)?;
            Request::new(model, method, Json::Array(args), Json::Null)?
        }
        "execute_kw" if matches!(rest.len(), 3 | 4) => {
            rest.resize(4, Json::Null);
            let [model, method, args, kwargs] = exactly("execute_kw", rest)?;
            Request::new(model, method, args, kwargs)?
        }
        "execute" | "execute_kw" => {
            return Err(Error::Type(format!(
                "{method}() is called with the model, its method and the arguments of that."
            )));
        }
        unknown => return Err(Error::Name(format!("Method not available {unknown}"))),
    };
    let Some(secret) = secret.as_str() else {
        return Err(Error::AccessDenied("The password has to be a text.".to_owned()));
    };
    let reply = credentials::run_guarded(app, user, secret, async |caller| {
        call_kw::call_kw(app, caller, &request).await
    });
    match reply.await {
        // The pages of the web client know addresses that are not found; a service knows users' mistakes.
        Err(Error::NotFound(message)) => Err(Error::User(message)),
        other => other,
    }
}

/// The id of a user as a call gives it: what `int()` makes of it, since clients send texts and floats, too.
/// However it is written, it is one user, of whom a wrong password is one more guess.
fn user_id(given: &Json) -> Result<i64> {
    let id = match given {
        Json::String(digits) => digits.trim().parse().map_err(|_error| {
            Error::Value(format!("The user's id has to be a number, not {}.", python::repr(given)))
        })?,
        other => python::whole(other).ok_or_else(|| {
            Error::Type(format!("The user's id has to be a number, not {}.", python::type_name(other)))
        })?,
    };
    if id == 0 {
        return Err(Error::AccessDenied("A call needs the id of its user.".to_owned()));
    }
    Ok(id)
}
