"""What is told of a server process as a whole: its connections, its documents, its own use."""

import psutil
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.following.shared_reads import shared_reads
from resolvers.pooled_connection import pool_of, waiting_for_connection
from server.metrics import Metrics
from server.operations.document_cache import DocumentCache


def add_process_metrics(metrics: Metrics, engine: AsyncEngine, documents: DocumentCache) -> None:
    """Add them to an application's metrics."""
    # the engine has another pool once it was disposed of, as it is when the server starts
    metrics.gauge(
        "sessiongraph_pool_size",
        "Connections that there may be to PostgreSQL.",
        lambda: pool_of(engine).size(),
    )
    metrics.gauge(
        "sessiongraph_pool_in_use", "Connections in use.", lambda: pool_of(engine).checkedout()
    )
    metrics.gauge(
        "sessiongraph_pool_waiting",
        "Statements and transactions that wait for a connection.",
        lambda: waiting_for_connection(engine),
    )
    metrics.gauge("sessiongraph_documents", "Documents that are kept prepared.", documents.__len__)
    metrics.counter(
        "sessiongraph_document_hits",
        "Documents that were found prepared.",
        lambda: documents.hits,
    )
    metrics.counter(
        "sessiongraph_document_misses",
        "Documents that had to be prepared.",
        lambda: documents.misses,
    )
    metrics.counter(
        "sessiongraph_followed_rows",
        "Events and accesses that were read for subscribers as they came.",
        lambda: shared_reads(engine).rows,
    )
    metrics.counter(
        "sessiongraph_followed_rows_delay_seconds",
        "Time from the beginning of their transactions until they were read.",
        lambda: shared_reads(engine).delay_seconds,
    )
    process = psutil.Process()
    # under the names that Prometheus's own clients give them
    metrics.counter(
        "process_cpu_seconds",
        "Time of the processor, of the user and of the system.",
        lambda: sum(process.cpu_times()[:2]),
    )
    metrics.gauge("process_resident_memory_bytes", "Memory.", lambda: process.memory_info().rss)
    metrics.gauge("process_open_fds", "Open files and sockets.", process.num_fds)
