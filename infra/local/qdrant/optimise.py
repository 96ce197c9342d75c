"""Builds the vector index of one shard: `python optimise.py FOLDER`, while nobody else has it open."""

import sys

import qdrant_edge as edge

if __name__ == "__main__":
    shard = edge.EdgeShard.load(sys.argv[1])
    shard.optimize()
    shard.flush()
    shard.close()
