//! Modules as records: what is served, each of them installed for good.

use crate::db::Sql;
use crate::db::sql::column;
use crate::error::{Error, Result};
use crate::orm::behaviour::{Behaviour, Named, Promise, Values};
use crate::orm::declare::{boolean, char, integer, many2one, one2many, selection, text};
use crate::orm::environment::Environment;
use crate::orm::field::Scope;
use crate::orm::method::{Call, Effect, Method, Parameter, Receiver, Reply};
use crate::orm::methods::method;
use crate::orm::model::Model;

const STATES: [(&str, &str); 6] = [
    ("uninstallable", "Uninstallable"),
    ("uninstalled", "Not Installed"),
    ("installed", "Installed"),
    ("to upgrade", "To be upgraded"),
    ("to remove", "To be removed"),
    ("to install", "To be installed"),
];

const LICENSES: [(&str, &str); 10] = [
    ("GPL-2", "GPL Version 2"),
    ("GPL-2 or any later version", "GPL-2 or later version"),
    ("GPL-3", "GPL Version 3"),
    ("GPL-3 or any later version", "GPL-3 or later version"),
    ("AGPL-3", "Affero GPL-3"),
    ("LGPL-3", "LGPL Version 3"),
    ("Other OSI approved licence", "Other OSI Approved License"),
    ("OEEL-1", "Odoo Enterprise Edition License v1.0"),
    ("OPL-1", "Odoo Proprietary License v1.0"),
    ("Other proprietary", "Other Proprietary"),
];

const KINDS: [(&str, &str); 2] = [("official", "Official Apps"), ("industries", "Industries")];

fn latest_version(scope: Scope<'_>) -> Sql {
    column(scope.alias, "latest_version")
}

fn category_xml_id(scope: Scope<'_>) -> Sql {
    super::xml_id("ir.module.category", scope)
}

pub(super) fn models() -> Vec<Model> {
    let category = Model::new("ir.module.category", "Application")
        .order("name")
        .fields([
            char("name").required().translate(),
            text("description").translate(),
            integer("sequence"),
            boolean("visible").default(true),
            boolean("exclusive"),
            many2one("parent_id", "ir.module.category").string("Parent Application").index(),
            one2many("child_ids", "ir.module.category", "parent_id").string("Child Applications"),
            one2many("module_ids", "ir.module.module", "category_id").string("Modules"),
            char("xml_id").string("External ID").compute(category_xml_id, &[]),
        ])
        .behaviour(&Named);
    let module = Model::new("ir.module.module", "Module")
        .order("application desc, sequence, name")
        .rec_name("shortdesc")
        .search_names(&["name", "shortdesc", "summary"])
        .fields([
            char("name").string("Technical Name").required().readonly(),
            many2one("category_id", "ir.module.category").string("Category").readonly().index(),
            char("shortdesc").string("Module Name").translate().readonly(),
            char("summary").translate().readonly(),
            text("description").translate().readonly(),
            char("author").readonly(),
            char("maintainer").readonly(),
            char("website").readonly(),
            char("latest_version").string("Installed Version").readonly(),
            char("published_version").string("Published Version").readonly(),
            char("installed_version").string("Latest Version").compute(latest_version, &["latest_version"]),
            char("url").string("URL").readonly(),
            integer("sequence").default(100),
            boolean("auto_install").string("Automatic Installation"),
            selection("state", &STATES).string("Status").default("uninstalled").readonly().index(),
            boolean("application").readonly(),
            boolean("demo").string("Demo Data").readonly(),
            selection("license", &LICENSES).default("LGPL-3").readonly(),
            char("icon").string("Icon URL"),
            boolean("to_buy").string("Odoo Enterprise Module"),
            boolean("imported").string("Imported Module"),
            selection("module_type", &KINDS).default("official").readonly(),
            char("icon_flag").string("Flag").readonly(),
        ])
        .constraint("name_uniq", "UNIQUE (name)", "The name of the module must be unique!")
        .behaviour(&Modules);
    vec![category, module]
}

struct Modules;

const SHIPPED: &str = "Modules are part of this program: none is installed, upgraded or removed while it runs. A new version of the program brings them.";

macro_rules! refused {
    ($name:literal) => {
        method!($name, Receiver::Records, Effect::Reads, [], refuse)
    };
}

static METHODS: [Method; 13] = [
    refused!("button_install"),
    refused!("button_immediate_install"),
    refused!("button_install_cancel"),
    refused!("button_upgrade"),
    refused!("button_immediate_upgrade"),
    refused!("button_upgrade_cancel"),
    refused!("button_uninstall"),
    refused!("button_immediate_uninstall"),
    refused!("button_uninstall_cancel"),
    refused!("button_uninstall_wizard"),
    refused!("module_uninstall"),
    method!("update_list", Receiver::Model, Effect::Reads, [], refuse),
    method!("upgrade_list", Receiver::Model, Effect::Reads, [], refuse),
];

fn refuse(_call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(std::future::ready(Err(Error::User(SHIPPED.to_owned()))))
}

/// The server itself tells what it is made of.
fn refuse_people(env: &Environment) -> Result<()> {
    if env.user().is_superuser() { Ok(()) } else { Err(Error::User(SHIPPED.to_owned())) }
}

impl Behaviour for Modules {
    fn methods(&self) -> &'static [Method] {
        &METHODS
    }

    fn before_create<'a>(&'a self, env: &'a Environment, _values: &'a mut Vec<Values>) -> Promise<'a, ()> {
        Box::pin(async move { refuse_people(env) })
    }

    fn before_write<'a>(
        &'a self,
        env: &'a Environment,
        _ids: &'a [i64],
        _values: &'a mut Values,
    ) -> Promise<'a, ()> {
        Box::pin(async move { refuse_people(env) })
    }

    fn before_unlink<'a>(&'a self, env: &'a Environment, _ids: &'a [i64]) -> Promise<'a, ()> {
        Box::pin(async move { refuse_people(env) })
    }
}
