-- As on a managed service: the owner of the database is no superuser, but may create roles. Migrations make the rest.
create role twin_owner login createrole nosuperuser nobypassrls password 'twin_owner';
create database twin owner twin_owner;

set role twin_owner;
create role twin_app login nosuperuser nobypassrls password 'twin_app';
create role twin_pipeline login nosuperuser nobypassrls password 'twin_pipeline';
