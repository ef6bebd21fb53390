"""Worker processes for functions on Arrow batches, where the engine would run them in threads of one Python process.

Other packages use `edge.in_worker`, which calls the function directly where no pool is in use. The processes:

    the process with the engine --- pool.WorkerPool
      `- template               --- template: has everything imported and warmed (warm), forks workers
           |- worker            --- worker: runs one task at a time
           `- worker

Each worker has a socket to the thread whose task it runs; the template has one to the pool (starting). When the
process with the engine ends, also by a kill, all others end.
"""
