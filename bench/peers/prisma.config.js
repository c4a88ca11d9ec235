import { defineConfig } from 'prisma/config'

export default defineConfig({ schema: 'yoga/schema.prisma' })
