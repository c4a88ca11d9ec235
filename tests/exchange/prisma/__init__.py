"""Tests of moving over from the Prisma packages."""
