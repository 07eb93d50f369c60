//! A value that comes once, later: the end of something that runs elsewhere.

use std::sync::Arc;

use crate::driver::runtime::Runtime;
use crate::driver::watched::Watched;

/// Nothing will come: what was to bring it has ended early, by a panic or at the end of the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the work was broken off")]
pub(crate) struct Broken;

enum Slot<T> {
    Open,
    Kept(T),
    Broken,
}

/// The giving side. Dropped, it breaks the promise.
pub(crate) struct Promise<T> {
    slot: Option<Arc<Watched<Slot<T>>>>,
}

/// The taking side.
pub(crate) struct Promised<T> {
    slot: Arc<Watched<Slot<T>>>,
}

/// Both sides of a promise.
pub(crate) fn promise<T>() -> (Promise<T>, Promised<T>) {
    let slot = Arc::new(Watched::new(Slot::Open));
    (Promise { slot: Some(slot.clone()) }, Promised { slot })
}

impl<T> Promise<T> {
    /// Gives the value. It is dropped here if nobody waits any more.
    pub(crate) fn keep(mut self, value: T) {
        if let Some(slot) = self.slot.take() {
            slot.change(|slot| *slot = Slot::Kept(value));
        }
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            slot.change(|slot| *slot = Slot::Broken);
        }
    }
}

impl<T> Promised<T> {
    /// The value, if it has come.
    pub(crate) fn try_take(&self) -> Option<Result<T, Broken>> {
        self.slot.look(take)
    }

    /// Waits for the value.
    pub(crate) async fn come(&self) -> Result<T, Broken> {
        self.slot.wait(take).await
    }
}

/// What has been taken does not come again.
fn take<T>(slot: &mut Slot<T>) -> Option<Result<T, Broken>> {
    if matches!(slot, Slot::Open) {
        return None;
    }
    match std::mem::replace(slot, Slot::Broken) {
        Slot::Kept(value) => Some(Ok(value)),
        Slot::Open | Slot::Broken => Some(Err(Broken)),
    }
}

/// Does something that blocks where the runtime has threads for it.
pub(crate) fn blocking<T: Send + 'static>(
    runtime: &dyn Runtime,
    work: impl FnOnce() -> T + Send + 'static,
) -> Promised<T> {
    let (promise, promised) = promise();
    runtime.spawn_blocking(Box::new(move || promise.keep(work())));
    promised
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_kept_once_or_broken() {
        let (giving, taking) = promise();
        assert_eq!(taking.try_take(), None);
        giving.keep(7);
        assert_eq!(taking.try_take(), Some(Ok(7)));
        assert_eq!(taking.try_take(), Some(Err(Broken)));
        let (giving, taking) = promise::<u8>();
        drop(giving);
        assert_eq!(taking.try_take(), Some(Err(Broken)));
    }

    #[test]
    fn what_nobody_waits_for_is_dropped() {
        let value = Arc::new(());
        let (giving, taking) = promise();
        drop(taking);
        giving.keep(value.clone());
        assert_eq!(Arc::strong_count(&value), 1);
    }
}
