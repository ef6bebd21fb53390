"""Worker processes for functions on Arrow batches, where the engine would run them in threads of one Python process.

`edge.in_worker` is what other rooms use; it does nothing special where no pool is in use. The processes:

    the process with the engine --- pool.WorkerPool
      `- template               --- template: has everything imported and warmed (warm), forks workers
           |- worker            --- worker: runs one task at a time
           `- worker

Each worker talks over a socket with the thread whose task it runs, and the template with the pool (starting). When the
process with the engine ends, however it ends, all others do.
"""
