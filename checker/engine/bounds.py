"""What a sandbox bounds. Trials import it, so it stands alone."""

MEMORY = 2 * 2**30  # bytes of address space a process
HELD = 2**30  # bytes that all processes of a sandbox may really hold together; their supervisor watches it
PROCESSES = 64  # processes and threads
DESCRIPTORS = 256  # a process
LARGEST_FILE = 32 * 2**20  # bytes
SPACE = 64 * 2**20  # bytes that a trial may write into its folder
TEMPORARY_SPACE = 8 * 2**20  # bytes of /tmp; the trial's own temporary files are in its folder
SHARED_SPACE = 8 * 2**20  # bytes of /dev/shm, where Python keeps semaphores

# What a trial keeps of the environment.
KEPT_ENV = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "COMSPEC",
    "PATHEXT",
    "WINDIR",
    "LD_LIBRARY_PATH",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
)
