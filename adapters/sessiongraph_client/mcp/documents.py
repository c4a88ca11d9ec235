"""What is asked of the API."""

_MEMORY = """
fragment MemoryFields on Memory {
  id
  memory_id: memoryId
  kind: type
  text: contentText
  content
  importance
  confidence
  state
  user_id: userId
  metadata
  revision
  valid_at: validAt
  invalid_at: invalidAt
  created_at: createdAt
  updated_at: updatedAt
}
"""
_ANNOTATION = """
fragment AnnotationFields on MemoryAnnotation {
  id
  kind: annotationType
  content
  annotator_kind: annotatorKind
  created_by: createdBy
  is_applied: isApplied
  created_at: createdAt
}
"""
_RELATION = """
fragment RelationFields on MemoryRelation {
  relation_type: relationType
  memory { id }
  related_memory: relatedMemory { id }
}
"""

SEARCH = (
    """query SearchMemories(
  $filter: MemoryFilter!, $orderBy: MemoryOrder!, $first: Int!, $after: String
) {
  memories(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    nodes { ...MemoryFields }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _MEMORY
)

READ = (
    """query ReadMemory(
  $filter: MemoryFilter!, $annotations: Boolean!, $relations: Boolean!, $revisions: Boolean!
) {
  memories(filter: $filter, first: 1) {
    nodes {
      ...MemoryFields
      annotations(last: 50) @include(if: $annotations) { nodes { ...AnnotationFields } }
      relations(last: 50) @include(if: $relations) { nodes { ...RelationFields } }
      relatedBy(last: 50) @include(if: $relations) { nodes { ...RelationFields } }
      revisions(last: 50) @include(if: $revisions) {
        nodes {
          revision
          text: contentText
          content
          importance
          confidence
          state
          changed_by: changedBy
          reason
          created_at: createdAt
        }
      }
    }
  }
}
"""
    + _MEMORY
    + _ANNOTATION
    + _RELATION
)

RECORD = (
    """mutation RecordMemories($input: RecordBatchInput!) {
  recordBatch(input: $input) {
    results {
      node {
        ...MemoryFields
        ...AnnotationFields
        ... on MemoryAccess { memory { ...MemoryFields } }
      }
    }
  }
}
"""
    + _MEMORY
    + _ANNOTATION
)
