//! The page at the top of an AArch32 guest, which the kernel gives to every program: its helpers, for programs that are older than the
//! instructions in them. And the guard behind it.

use super::layout::TOP_A32;
use super::{AddressSpace, EINVAL, ENOMEM, Error, Mapping, Protection, host};
use crate::{PAGE_SIZE, write_bytes};

/// Where the guard ends: every access that begins below 4 GiB, of up to 64 KiB, ends in it.
const GUARD_END: u64 = (1 << 32) + (64 << 10);

impl AddressSpace {
    /// Maps the helpers' page, with `bytes` at its end (where the helpers are), and makes sure that nothing will ever be behind it. The guest cannot unmap it.
    ///
    /// # Errors
    ///
    /// ENOMEM if something of the host is there; the host's errors.
    pub fn install_vectors(&self, bytes: &[u8]) -> Result<(), Error> {
        if bytes.len() as u64 > PAGE_SIZE {
            return Err(EINVAL);
        }
        let page = TOP_A32..TOP_A32 + PAGE_SIZE;
        let mut state = self.lock();
        for range in [page.clone(), page.end..GUARD_END] {
            if !host::reserve(&range)? {
                return Err(ENOMEM);
            }
        }
        // SAFETY: reserved just now.
        unsafe { host::protect(&page, libc::PROT_READ | libc::PROT_WRITE)? };
        write_bytes(page.end - bytes.len() as u64, bytes).map_err(|_| ENOMEM)?;
        let protection = Protection::from_linux((libc::PROT_READ | libc::PROT_EXEC) as u32);
        // SAFETY: as above.
        unsafe { host::protect(&page, protection.host())? };
        state.tree.insert(Mapping {
            start: page.start,
            end: page.end,
            protection,
            shared: false,
            grows_down: false,
            dont_fork: false,
            locked: false,
            file: None,
            offset: 0,
            name: Some("[vectors]".into()),
        });
        Ok(())
    }
}
