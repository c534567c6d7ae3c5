//! The Python face of the arena: one file per class.

pub mod adding;
mod advice;
pub mod arena;
mod attached;
pub mod barrier;
pub mod buffer;
mod builtins;
pub mod condition;
pub mod deep;
pub mod deputy;
pub mod deque;
pub mod dict;
mod dict_items;
pub mod event;
pub mod failures;
mod forking;
mod forms;
pub mod gone;
pub mod holds;
mod hooks;
pub mod indexes;
mod interrupted;
pub mod keyed;
pub mod keys;
pub mod list;
pub mod list_reading;
pub mod list_walk;
pub mod listing;
pub mod lives;
mod locking;
pub mod missing;
pub mod mutex;
mod names;
pub mod namespace;
pub mod object;
pub mod people;
pub mod queue;
pub mod queue_batches;
pub mod queue_waiting;
mod rebuilding;
mod roomy;
pub mod semaphore;
pub mod set;
pub mod several;
pub mod sites;
mod spinning;
mod survey;
mod times;
mod usual;
pub mod values;
pub mod variable;
pub mod waiting;
pub mod walk;
pub mod watch;

use pyo3::prelude::*;

/// Adds the classes to the module.
pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    ::arena::pause::sleep_by(interrupted::PAUSE);
    module.add_class::<arena::Arena>()?;
    module.add_class::<object::Object>()?;
    module.add_class::<dict::Dict>()?;
    module.add_class::<namespace::Namespace>()?;
    module.add_class::<list::List>()?;
    module.add_class::<list_walk::ListWalk>()?;
    module.add_class::<queue::Queue>()?;
    module.add_class::<set::Set>()?;
    module.add_class::<variable::Variable>()?;
    module.add_class::<mutex::Mutex>()?;
    module.add_class::<semaphore::Semaphore>()?;
    module.add_function(wrap_pyfunction!(usual::own_methods, module)?)?;
    module.add_function(wrap_pyfunction!(rebuilding::rebuild_by, module)?)?;
    module.add_function(wrap_pyfunction!(rebuilding::rebuild_resident, module)?)?;
    module.add_class::<event::Event>()?;
    locking::put_all_before(module.py())?;
    module.add_class::<condition::Condition>()?;
    module.add_class::<barrier::Barrier>()?;
    module.add_class::<deputy::Acting>()?;
    module.add_class::<deputy::Deputy>()?;
    module.add_class::<values::Witness>()?;
    module.add_class::<watch::Watch>()?;
    module.add_class::<walk::Walk>()
}
