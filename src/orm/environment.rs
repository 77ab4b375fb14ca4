//! The Environment: in whose name, in which context and within which transaction code runs.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use chrono::NaiveDateTime;

use super::access::limits::Limits;
use super::audit;
use super::behaviour::Staleness;
use super::context::Context;
use super::image::Workbench;
use super::model::Model;
use super::names::Names;
use super::registry::Registry;
use super::registry::version::Turn;
use super::user::User;
use crate::clock::World;
use crate::db::Connection;
use crate::error::Result;
use crate::seal::Sealer;

/// What one call has at its disposal.
pub struct Services {
    /// The connection, with the transaction of the call.
    pub connection: Connection,
    /// The registry, the same one from the first to the last word of the call.
    pub registry: Arc<Registry>,
    /// Who calls.
    pub user: Arc<User>,
    /// Time and chance.
    pub world: World,
    /// Seals and opens secrets.
    pub sealer: Arc<Sealer>,
    /// Names that are kept.
    pub names: Arc<Names>,
    /// Rounds of the password hash.
    pub hash_rounds: u32,
    /// Where pictures are worked on.
    pub pictures: Workbench,
    now: NaiveDateTime,
    stale: Cell<Staleness>,
    /// Whether the call has counted up the version of the registry.
    pub turn: Cell<Turn>,
    limits: Option<Limits>,
    /// How many actions of the server run now, each started by the one before.
    pub actions: Cell<usize>,
}

impl Services {
    /// Puts them together; the time of the call is now.
    pub fn new(
        connection: Connection,
        registry: Arc<Registry>,
        user: Arc<User>,
        world: World,
        sealer: Arc<Sealer>,
        names: Arc<Names>,
        hash_rounds: u32,
    ) -> Self {
        let now = world.now();
        let (stale, turn) = (Cell::new(Staleness::Nothing), Cell::new(Turn::Unasked));
        Self {
            connection,
            registry,
            user,
            world,
            sealer,
            names,
            hash_rounds,
            pictures: Workbench::default(),
            now,
            stale,
            turn,
            limits: None,
            actions: Cell::new(0),
        }
    }

    /// The same within limits.
    #[must_use]
    pub fn within(mut self, limits: Option<Limits>) -> Self {
        self.limits = limits;
        self
    }

    /// The same with the workbench of the whole server.
    #[must_use]
    pub fn working_at(mut self, pictures: Workbench) -> Self {
        self.pictures = pictures;
        self
    }

    /// What the call has made stale so far.
    pub fn stale(&self) -> Staleness {
        self.stale.get()
    }

    /// Takes back what it has made stale since it was `stale`, as the change itself was.
    pub(super) fn restore_stale(&self, stale: Staleness) {
        self.stale.set(stale);
    }
}

/// An environment; see the module. Cheap to clone.
#[derive(Clone)]
pub struct Environment {
    services: Rc<Services>,
    /// Superuser mode: no right and no rule is asked.
    pub su: bool,
    /// The context.
    pub context: Rc<Context>,
}

impl Environment {
    /// The environment in which a call begins.
    pub fn new(services: Rc<Services>, context: Context) -> Self {
        let su = services.user.is_superuser();
        Self { services, su, context: Rc::new(context) }
    }

    /// The environment of what the server does for itself.
    pub fn of_server(
        connection: Connection,
        registry: Registry,
        world: &World,
        sealer: &Arc<Sealer>,
        hash_rounds: u32,
    ) -> Self {
        let (registry, user) = (Arc::new(registry), Arc::new(User::server()));
        if !connection.is_open() {
            connection.tell(audit::call(&user, world.now()));
        }
        let names = Arc::default();
        let services =
            Services::new(connection, registry, user, world.clone(), Arc::clone(sealer), names, hash_rounds);
        Self::new(Rc::new(services), Context::of_server())
    }

    /// The same in superuser mode.
    #[must_use]
    pub fn sudo(&self) -> Self {
        Self { su: true, ..self.clone() }
    }

    /// The same with another context.
    #[must_use]
    pub fn with_context(&self, context: Context) -> Self {
        Self { context: Rc::new(context), ..self.clone() }
    }

    /// The same, with archived records in sight or not.
    #[must_use]
    pub fn with_active_test(&self, active_test: bool) -> Self {
        if self.context.active_test == active_test {
            return self.clone();
        }
        self.with_context(Context { active_test, ..(*self.context).clone() })
    }

    /// What the call has at its disposal.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The connection.
    pub fn connection(&self) -> &Connection {
        &self.services.connection
    }

    /// The registry.
    pub fn registry(&self) -> &Registry {
        &self.services.registry
    }

    /// A model by its name.
    ///
    /// # Errors
    ///
    /// [`crate::error::Error::NotFound`] when there is none.
    pub fn model(&self, name: &str) -> Result<Arc<Model>> {
        self.services.registry.model(name)
    }

    /// Who calls.
    pub fn user(&self) -> &User {
        &self.services.user
    }

    /// The company that the user works in.
    pub fn company_id(&self) -> i64 {
        self.context.companies.first().copied().unwrap_or(self.user().company_id)
    }

    /// The time of the call, in UTC: the same for all that it writes.
    pub fn now(&self) -> NaiveDateTime {
        self.services.now
    }

    /// Time and chance.
    pub fn world(&self) -> &World {
        &self.services.world
    }

    /// Seals and opens secrets.
    pub fn sealer(&self) -> &Sealer {
        &self.services.sealer
    }

    /// Names that are kept, as long as this very call has changed none of them.
    pub fn names(&self) -> Option<&Names> {
        (self.services.stale() == Staleness::Nothing).then_some(&*self.services.names)
    }

    /// The limits of an application that acts for the user, if one does.
    pub fn limits(&self) -> Option<&Limits> {
        self.services.limits.as_ref()
    }

    /// Rounds of the password hash.
    pub fn hash_rounds(&self) -> u32 {
        self.services.hash_rounds
    }

    /// Notes that a change made something stale in the caches of all servers.
    pub fn mark_stale(&self, staleness: Staleness) {
        self.services.stale.set(self.services.stale.get().max(staleness));
    }
}
